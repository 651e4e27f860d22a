#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "hies/base/rng.h"
#include "hies/base/test_files.h"
#include "hies/score/objectives/objectives.h"
#include "hies/score/objectives/softmax.h"

namespace hies::score {
namespace {

model::ModelSpec classifier(int classes) {
  model::ModelSpec spec;
  spec.problem = model::Problem::classification;
  for (int i = 0; i < classes; ++i) spec.labels.push_back("LABEL_" + std::to_string(i));
  return spec;
}

model::ModelSpec regressor() {
  model::ModelSpec spec;
  spec.problem = model::Problem::regression;
  spec.labels = {"LABEL_0"};
  return spec;
}

struct Evaluation {
  std::vector<double> losses, gradient;
};

Evaluation evaluate(const model::Objective& objective, const std::vector<double>& logits, std::int64_t classes,
                    std::vector<std::int64_t> examples = {}) {
  const std::size_t rows = logits.size() / static_cast<std::size_t>(classes);
  if (examples.empty()) {
    examples.resize(rows);
    std::iota(examples.begin(), examples.end(), 0);
  }
  Evaluation result{std::vector<double>(rows), std::vector<double>(logits.size())};
  objective.evaluate({logits, examples, classes}, result.losses, result.gradient);
  return result;
}

class EveryObjective : public testing::TestWithParam<std::string> {
 protected:
  bool of_number() const { return find_objective(GetParam()).problem == model::Problem::regression; }
  std::int64_t classes() const { return of_number() ? 1 : 4; }
  std::unique_ptr<model::Objective> make(const std::vector<double>& labels) const {
    return make_objective(GetParam(), of_number() ? regressor() : classifier(4), labels);
  }
};

TEST_P(EveryObjective, GradientIsTheCentralDifference) {
  Rng rng(7);
  const auto width = static_cast<std::size_t>(classes());
  std::vector<double> logits(6 * width), labels(6);
  for (double& logit : logits) logit = 8 * rng.uniform() - 4;
  for (double& label : labels) label = static_cast<double>(rng.below(4));
  const auto objective = make(labels);
  const Evaluation at = evaluate(*objective, logits, classes());
  const double step = 1e-5;
  for (std::size_t i = 0; i < logits.size(); ++i) {
    auto up = logits, down = logits;
    up[i] += step;
    down[i] -= step;
    const auto difference =
        evaluate(*objective, up, classes()).losses[i / width] - evaluate(*objective, down, classes()).losses[i / width];
    EXPECT_NEAR(at.gradient[i], difference / (2 * step), 1e-8) << "logit " << i;
  }
}

TEST_P(EveryObjective, ARowDoesNotSeeItsCompany) {
  const std::vector<double> labels = {3, 0, 2};
  std::vector<double> logits(3 * static_cast<std::size_t>(classes()));
  for (std::size_t i = 0; i < logits.size(); ++i) logits[i] = std::sin(static_cast<double>(i * i));
  const auto objective = make(labels);
  const Evaluation together = evaluate(*objective, logits, classes());
  const auto width = static_cast<std::ptrdiff_t>(classes());
  for (std::ptrdiff_t row = 0; row < 3; ++row) {
    const std::vector<double> own(logits.begin() + row * width, logits.begin() + (row + 1) * width);
    const Evaluation alone = evaluate(*objective, own, classes(), {row});
    EXPECT_EQ(alone.losses[0], together.losses[static_cast<std::size_t>(row)]);
    for (std::ptrdiff_t j = 0; j < width; ++j)
      EXPECT_EQ(alone.gradient[static_cast<std::size_t>(j)], together.gradient[static_cast<std::size_t>(row * width + j)]);
  }
}

TEST_P(EveryObjective, LossesWithoutGradientAreTheSame) {
  const auto objective = make({1});
  const std::vector<double> logits(static_cast<std::size_t>(classes()), 0.3);
  const std::vector<std::int64_t> examples = {0};
  std::vector<double> loss(1);
  objective->evaluate({logits, examples, classes()}, loss, {});
  EXPECT_EQ(loss[0], evaluate(*objective, logits, classes()).losses[0]);
}

TEST_P(EveryObjective, CurvatureBoundsTheHessian) {
  // The largest second difference along unit vectors must stay below the stated curvature, and come near it.
  Rng rng(11);
  const auto width = static_cast<std::size_t>(classes());
  const double curvature = find_objective(GetParam()).curvature;
  const auto objective = make({0});
  double largest = 0;
  for (int trial = 0; trial < 4000; ++trial) {
    std::vector<double> logits(width), direction(width);
    for (double& logit : logits) logit = 12 * rng.uniform() - 6;
    if (trial % 2 == 0 && width > 1) logits[1] = logits[0] + 1e-3;  // near the tie of two classes, where softmax curves most
    double squares = 0;
    for (double& d : direction) {
      d = rng.uniform() - 0.5;
      squares += d * d;
    }
    if (trial % 2 == 0 && width > 1) {
      direction.assign(width, 0);
      direction[0] = 1, direction[1] = -1, squares = 2;
    }
    const double step = 1e-4;
    auto up = logits, down = logits;
    for (std::size_t j = 0; j < width; ++j) {
      up[j] += step * direction[j] / std::sqrt(squares);
      down[j] -= step * direction[j] / std::sqrt(squares);
    }
    const double second = (evaluate(*objective, up, classes()).losses[0] - 2 * evaluate(*objective, logits, classes()).losses[0] +
                           evaluate(*objective, down, classes()).losses[0]) /
                          (step * step);
    largest = std::max(largest, second);
  }
  EXPECT_LE(largest, curvature * (1 + 1e-4));
  EXPECT_GE(largest, curvature * 0.98);
}

INSTANTIATE_TEST_SUITE_P(All, EveryObjective, testing::Values("ce", "mse", "pseudo-label", "logit-norm"), [](const auto& info) {
  std::string name = info.param;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

TEST(Objectives, KnownValues) {
  const std::vector<double> class_labels = {2};
  const auto ce = make_objective("ce", classifier(3), class_labels);
  const Evaluation cross = evaluate(*ce, {0, 0, std::log(2)}, 3);
  EXPECT_NEAR(cross.losses[0], std::log(2), 1e-15);
  EXPECT_NEAR(cross.gradient[0], 0.25, 1e-15);
  EXPECT_NEAR(cross.gradient[2], -0.5, 1e-15);

  const std::vector<double> numbers = {2.5};
  const Evaluation squared = evaluate(*make_objective("mse", regressor(), numbers), {4}, 1);
  EXPECT_EQ(squared.losses[0], 2.25);
  EXPECT_EQ(squared.gradient[0], 3);

  const Evaluation norm = evaluate(*make_objective("logit-norm", classifier(2), {}), {3, -4}, 2);
  EXPECT_EQ(norm.losses[0], 12.5);
  EXPECT_EQ(norm.gradient[1], -4);
}

TEST(Objectives, LabelsAreFoundByExample) {
  const std::vector<double> labels = {0, 1, 0, 1};
  const auto ce = make_objective("ce", classifier(2), labels);
  const Evaluation result = evaluate(*ce, {5, 0, 5, 0}, 2, {3, 2});
  EXPECT_GT(result.losses[0], 5);
  EXPECT_LT(result.losses[1], 0.01);
}

TEST(Objectives, PseudoLabelTakesTheLowestOfEquals) {
  const Evaluation result = evaluate(*make_objective("pseudo-label", classifier(3), {}), {1, 2, 2}, 3);
  EXPECT_LT(result.gradient[1], 0);
  EXPECT_GT(result.gradient[2], 0);
}

TEST(Softmax, ExactForLogitsOfAnySize) {
  std::vector<double> gradient(2);
  EXPECT_EQ(softmax_cross_entropy(std::vector<double>{1e4, -1e4}, 0, gradient), 0);
  EXPECT_EQ(gradient[0], 0);
  EXPECT_EQ(softmax_cross_entropy(std::vector<double>{1e4, -1e4}, 1, gradient), 2e4);
  EXPECT_EQ(gradient[1], -1);
  // A loss near 0 keeps its digits: ln(1 + e⁻³⁰) = e⁻³⁰ to twelve of them.
  EXPECT_NEAR(softmax_cross_entropy(std::vector<double>{30, 0}, 0, gradient) / std::exp(-30), 1, 1e-12);
  EXPECT_NEAR(gradient[0] / -std::exp(-30), 1, 1e-12);
}

TEST(Objectives, UnknownNameSuggestsTheNearest) {
  const Error error = error_of([] { find_objective("pseudo-lable"); });
  EXPECT_EQ(error.kind(), ErrorKind::bad_input);
  EXPECT_NE(error.hint().find("did you mean 'pseudo-label'"), std::string::npos) << error.hint();
}

TEST(Objectives, DivergenceIsRefusedWithTheReason) {
  EXPECT_NE(error_of([] { find_objective("kl"); }).hint().find("gradient zero"), std::string::npos);
}

TEST(Objectives, MustFitTheModel) {
  const std::vector<double> labels = {0};
  for (const char* name : {"ce", "pseudo-label"})
    EXPECT_EQ(error_of([&] { make_objective(name, regressor(), labels); }).kind(), ErrorKind::bad_input) << name;
  EXPECT_EQ(error_of([&] { make_objective("mse", classifier(2), labels); }).kind(), ErrorKind::bad_input);
  EXPECT_NO_THROW(make_objective("logit-norm", regressor(), labels));
  EXPECT_NO_THROW(make_objective("logit-norm", classifier(2), labels));
}

TEST(Objectives, LabelsMustBeThereAndBeClasses) {
  EXPECT_NE(error_of([] { make_objective("ce", classifier(2), {}); }).hint().find("pseudo-label"), std::string::npos);
  for (const double wrong : {2.0, -1.0, 0.5, std::nan("")}) {
    const std::vector<double> labels = {0, wrong};
    const Error error = error_of([&] { make_objective("ce", classifier(2), labels); });
    EXPECT_EQ(error.kind(), ErrorKind::bad_input);
    EXPECT_NE(std::string(error.what()).find("example 1"), std::string::npos) << error.what();
  }
}

TEST(Objectives, DefaultFollowsTheModel) {
  EXPECT_EQ(default_objective(classifier(2)).name, "ce");
  EXPECT_EQ(default_objective(regressor()).name, "mse");
}

}  // namespace
}  // namespace hies::score
