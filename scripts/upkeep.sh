# shellcheck shell=bash
# Measuring, and locking dependencies.

bench() {
  need bench
  next_please
  exec "$PY" -m tests.bench "$@"
}

lock() {
  need runtime
  local uv=(uv)
  if ! command -v uv >/dev/null; then
    "$PY" -m pip install --quiet --disable-pip-version-check "uv>=0.8"
    uv=("$PY" -m uv)
  fi
  local compile=("${uv[@]}" pip compile --quiet --universal --python-version 3.11
    --generate-hashes --no-header --no-annotate --no-emit-index-url --no-emit-find-links
    "$@" pyproject.toml requirements/build.in)
  # The largest first; the others take their versions from it.
  say "Locking requirements/bench.txt, test.txt, runtime.txt ..."
  "${compile[@]}" --extra test --extra bench -o requirements/bench.txt
  "${compile[@]}" --extra test -c requirements/bench.txt -o requirements/test.txt
  "${compile[@]}" -c requirements/bench.txt -o requirements/runtime.txt
}
