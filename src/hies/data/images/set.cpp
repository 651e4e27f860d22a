#include "hies/data/images/set.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "hies/base/error.h"
#include "hies/base/hash.h"
#include "hies/base/threads.h"

namespace hies::data {
namespace {

constexpr std::size_t kKeptBytes = std::size_t{1} << 30;
constexpr std::int64_t kAhead = 256;  // images that are made before they are asked for, where they are not kept

// Resized and cropped, 0 … 255.
image::Image fitted(const ImageSource& source, std::int64_t index, const ImageForm& form) {
  image::Image image = form.processor.fitted(source.decode(index, form.channels, form.most_pixels));
  if (image.height != form.size.height || image.width != form.size.width)
    throw Error(
        ErrorKind::bad_input,
        fmt::format("{}: the image has {}×{} pixels, but the model reads {}×{}, and its preprocessor_config.json resizes none",
                    source.names[static_cast<std::size_t>(index)], image.height, image.width, form.size.height, form.size.width),
        "set do_resize in preprocessor_config.json, or give `image_size`");
  return image;
}

class Set : public model::ImageLoader {
 public:
  Set(data::ImageSourcePtr source, std::vector<std::int64_t> chosen, ImageForm form, int threads)
      : source_(std::move(source)),
        chosen_(std::move(chosen)),
        form_(std::move(form)),
        tables_(form_.processor.tables(form_.channels)),
        slots_(chosen_.size()) {
    kept_ = std::min(size(), static_cast<std::int64_t>(kKeptBytes / static_cast<std::size_t>(shape().numbers())));
    for (int i = 0; i < thread_count(threads); ++i) workers_.emplace_back([this] { work(); });
  }

  ~Set() override {
    {
      const std::lock_guard lock(mutex_);
      stop_ = true;
    }
    wanted_.notify_all();
    for (std::thread& worker : workers_) worker.join();
  }

  Shape shape() const noexcept override { return {form_.channels, form_.size.height, form_.size.width}; }

  std::string content_hash(std::int64_t index) const override {
    const std::string bytes = source_->bytes(chosen_[static_cast<std::size_t>(index)]);
    return Hasher().update(std::as_bytes(std::span(bytes))).hex();
  }

  void write(std::span<const std::int64_t> indices, std::span<float> pixels) const override {
    std::unique_lock lock(mutex_);
    for (const std::int64_t index : indices)
      if (slot(index).state == State::none) asked_.push_back(index);
    ahead_ = indices.front() == next_ ? kAhead : 0;
    next_ = indices.back() + 1;
    wanted_.notify_all();
    float* to = pixels.data();
    for (const std::int64_t index : indices) {
      Slot& from = slot(index);
      ready_.wait(lock, [&] { return from.state == State::ready || from.state == State::failed; });
      if (from.state == State::failed) std::rethrow_exception(from.failure);
      normalise(from.pixels, to);
      to += shape().numbers();
    }
    for (const std::int64_t index : indices)
      if (index >= kept_) slot(index) = {};
  }

 private:
  enum class State { none, working, ready, failed };
  struct Slot {
    State state = State::none;
    std::vector<std::uint8_t> pixels;
    std::exception_ptr failure;
  };

  std::int64_t size() const noexcept { return static_cast<std::int64_t>(chosen_.size()); }
  Slot& slot(std::int64_t index) const { return slots_[static_cast<std::size_t>(index)]; }

  // Returns the next image to decode: one that a caller waits for, then one that will be kept, then the next in order. −1: none.
  std::int64_t choose() const {
    while (!asked_.empty()) {
      const std::int64_t index = asked_.front();
      asked_.pop_front();
      if (slot(index).state == State::none) return index;
    }
    while (filled_ < kept_ && slot(filled_).state != State::none) ++filled_;
    if (filled_ < kept_) return filled_;
    for (std::int64_t index = std::max(next_, kept_); index < std::min(next_ + ahead_, size()); ++index)
      if (slot(index).state == State::none) return index;
    return -1;
  }

  void work() {
    std::unique_lock lock(mutex_);
    while (true) {
      std::int64_t index = -1;
      wanted_.wait(lock, [&] { return stop_ || (index = choose()) >= 0; });
      if (stop_) return;
      slot(index).state = State::working;
      lock.unlock();
      Slot made;
      try {
        made.pixels = fitted(*source_, chosen_[static_cast<std::size_t>(index)], form_).pixels;
        made.state = State::ready;
      } catch (...) {
        made.failure = std::current_exception();
        made.state = State::failed;
      }
      lock.lock();
      slot(index) = std::move(made);
      ready_.notify_all();
    }
  }

  // Channel by channel.
  void normalise(const std::vector<std::uint8_t>& pixels, float* to) const {
    const std::size_t channels = tables_.size(), count = pixels.size() / channels;
    for (std::size_t c = 0; c < channels; ++c)
      for (std::size_t i = 0; i < count; ++i) *to++ = tables_[c][pixels[i * channels + c]];
  }

  const data::ImageSourcePtr source_;
  const std::vector<std::int64_t> chosen_;  // their places in the source
  const ImageForm form_;
  const std::vector<std::array<float, 256>> tables_;
  std::int64_t kept_ = 0;  // so many of the first ones are kept

  mutable std::mutex mutex_;
  mutable std::condition_variable wanted_, ready_;
  mutable std::vector<Slot> slots_;
  mutable std::deque<std::int64_t> asked_;
  mutable std::int64_t filled_ = 0;                 // all before are made, or being made
  mutable std::int64_t next_ = 0, ahead_ = kAhead;  // what is likely to be asked for next; none ahead where that is in no order
  bool stop_ = false;
  std::vector<std::thread> workers_;
};

}  // namespace

std::shared_ptr<const model::ImageLoader> make_image_set(ImageSourcePtr source, std::vector<std::int64_t> chosen, ImageForm form,
                                                         int threads) {
  return std::make_shared<Set>(std::move(source), std::move(chosen), std::move(form), threads);
}

std::vector<std::int64_t> readable(const ImageSource& source, const std::vector<std::int64_t>& chosen, const ImageForm& form,
                                   int threads, std::vector<std::string>& bad) {
  std::vector<std::string> failures(chosen.size());
  std::atomic<std::size_t> next = 0;
  std::vector<std::thread> workers;
  workers.reserve(static_cast<std::size_t>(thread_count(threads)));
  for (int i = 0; i < thread_count(threads); ++i)
    workers.emplace_back([&] {
      for (std::size_t at = next++; at < chosen.size(); at = next++) {
        try {
          fitted(source, chosen[at], form);
        } catch (const std::exception& error) {
          failures[at] = error.what();
        }
      }
    });
  for (std::thread& worker : workers) worker.join();
  std::vector<std::int64_t> good;
  for (std::size_t at = 0; at < chosen.size(); ++at) {
    if (failures[at].empty()) good.push_back(chosen[at]);
    else bad.push_back(std::move(failures[at]));
  }
  return good;
}

}  // namespace hies::data
