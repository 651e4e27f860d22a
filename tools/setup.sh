#!/bin/sh
# Brings a machine to the point where the project builds: system packages, cargo, the pinned wheels in .venv.
# Idempotent; with nothing to do it takes a fraction of a second. Usage: tools/setup.sh [--lint|--cuda|--fuzz|--clients]
#   --lint   also the tools of `make lint`
#   --cuda   also what `--device cuda` needs: nvcc and the libraries of libtorch's CUDA half
#   --fuzz   also the clang of `make fuzz`
#   --clients  also the programs that the tests of `hies export` run: ONNX Runtime and what it needs
set -eu
cd "$(dirname "$0")/.."
option=${1:-} # the positional parameters come to hold packages

# What to install where the package manager is apt; elsewhere the tools and headers below are looked for instead.
packages="g++ make cmake ninja-build ccache mold python3 python3-venv ca-certificates
  chromium fonts-dejavu-core
  nlohmann-json3-dev libcli11-dev libfmt-dev libgtest-dev libxxhash-dev libbenchmark-dev
  libjpeg62-turbo-dev libspng-dev zlib1g-dev libarchive-dev"
lint_packages="clang-format clang-tidy shellcheck"
fuzz_packages="clang-14 libclang-rt-14-dev libomp-14-dev" # the preset `fuzz` names this version
cargo_needed=1.85 # by unicode-segmentation, which the tokenizers crate uses
cmake_needed=3.25
python_needed=3.11 # the oldest that the pyarrow wheel supports
requirements=tools/requirements-build.txt
cuda_requirements=tools/requirements-cuda.txt
client_requirements=tools/requirements-clients.txt

say() { echo "setup: $*" >&2; }
fail() { say "$*"; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }

# at_least NEEDED FOUND: dotted versions, compared number by number.
at_least() { [ "$(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n 1)" = "$1" ]; }

# version_of "TOOL …": the first dotted number that it prints, 0 when it is missing or does not run.
version_of() {
  # shellcheck disable=SC2086  # the command comes with its arguments
  found=$($1 2>/dev/null | sed -n 's/[^0-9]*\([0-9][0-9]*\(\.[0-9]\{1,\}\)\{1,\}\).*/\1/p' | head -n 1) || found=
  echo "${found:-0}"
}

cargo_is_good() {
  cargo=$(version_of "cargo --version")
  rustc=$(version_of "rustc --version")
  at_least "$cargo_needed" "$cargo" && at_least "$cargo_needed" "$rustc"
}

# install PACKAGE…: with the rights this user has, or the exact line for someone who has them.
install() {
  if [ "$(id -u)" = 0 ]; then
    as_root=
  elif have sudo && sudo -n true 2>/dev/null; then
    as_root="sudo -n"
  else
    fail "packages are missing; run: sudo apt-get install --no-install-recommends $*"
  fi
  say "installing $*"
  # --no-remove: cargo-web conflicts with Debian's older cargo, and what to do then is not ours to decide.
  get="$as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends --no-remove"
  # Stale or empty package lists are the usual reason for a first failure. stdout of apt goes to stderr: ours carries nothing.
  # shellcheck disable=SC2086
  $get install "$@" >&2 || { $as_root apt-get -qq update >&2 && $get install "$@" >&2; } ||
    fail "apt-get failed; see above, then run: apt-get install --no-install-recommends $*"
}

# A node from elsewhere brings its own npm, with which Debian's cannot be installed.
have npm || packages="$packages nodejs npm"
[ "$option" = --lint ] && packages="$packages $lint_packages"
[ "$option" = --fuzz ] && packages="$packages $fuzz_packages"
[ "$(uname -s)-$(uname -m)" = Linux-x86_64 ] || fail "only Linux on x86_64 is supported: the pinned wheels are built for it"

# rustup puts cargo here without telling a non-login shell.
PATH=$PATH:$HOME/.cargo/bin
if have dpkg-query && have apt-get; then
  # shellcheck disable=SC2086
  missing=$({ dpkg-query -W -f '${db:Status-Status} ${Package}\n' $packages 2>/dev/null || true; } | awk -v wanted="$packages" '
    $1 == "installed" { got[$2] = 1 }
    END { n = split(wanted, w); for (i = 1; i <= n; i++) if (!(w[i] in got)) print w[i] }')
  if ! cargo_is_good; then
    if dpkg-query -W -f '${db:Status-Status}' cargo 2>/dev/null | grep -qx installed; then
      fail "cargo $cargo is too old, $cargo_needed is needed: run apt-get install cargo-web rustc-web (they replace cargo and rustc)"
    fi
    missing="$missing cargo-web rustc-web"
  fi
  # shellcheck disable=SC2086
  set -- $missing
  [ $# = 0 ] || install "$@"
else
  for tool in g++ make cmake ninja python3; do have $tool || fail "$tool is missing; install it and run this again"; done
  have npm || say "npm is missing: \`hies report\` will make no page, only --text"
  for header in nlohmann/json.hpp CLI/CLI.hpp fmt/format.h gtest/gtest.h xxhash.h benchmark/benchmark.h spng.h zlib.h archive.h; do
    echo "#include <$header>" | g++ -std=c++20 -fsyntax-only -x c++ - 2>/dev/null ||
      say "g++ does not find <$header>; if it lives elsewhere, give cmake its place with -DCMAKE_PREFIX_PATH"
  done
fi

cargo_is_good || fail "cargo $cargo with rustc $rustc found, $cargo_needed or newer is needed: install cargo-web and rustc-web, or https://rustup.rs"
cmake=$(version_of "cmake --version")
at_least $cmake_needed "$cmake" || fail "cmake $cmake found, $cmake_needed or newer is needed"

# The wheels. A stamp says what .venv was made from; it lies inside, so that removing .venv removes it too.
# install_wheels REQUIREMENTS STAMP SIZE
install_wheels() {
  wanted=$(sha256sum <"$1")
  [ "$(cat "$2" 2>/dev/null || true)" != "$wanted" ] || return 0
  python=python3
  for candidate in python3 python3.11 python3.12 python3.13 python3.14; do
    if have $candidate && at_least $python_needed "$(version_of "$candidate --version")"; then python=$candidate && break; fi
  done
  version=$(version_of "$python --version")
  at_least $python_needed "$version" || fail "python3 $version found, $python_needed or newer is needed"
  .venv/bin/python -c 'import pip' 2>/dev/null || "$python" -m venv .venv >&2 || fail "python3 -m venv failed: install python3-venv"
  say "installing the wheels of $1 into .venv (about $3 to download)"
  .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes --only-binary :all: \
    -r "$1" >&2 || fail "pip could not install $1: see above; check the network and run this again"
  echo "$wanted" >"$2"
}
install_wheels $requirements .venv/hies-wheels.sha256 "550 MB"
[ "$option" != --cuda ] || install_wheels $cuda_requirements .venv/hies-cuda-wheels.sha256 "1.5 GB"
[ "$option" != --clients ] || install_wheels $client_requirements .venv/hies-client-wheels.sha256 "70 MB"
