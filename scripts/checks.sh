# shellcheck shell=bash
# Everything a change must pass: lint, types, import rules and tests, of the server and of the page.

RED=()
RESULTS=()

# step NAME COMMAND...: runs one check, remembers it when red.
step() {
  local name=$1 began=$SECONDS
  shift
  say "== $name"
  if "$@"; then
    say "   $name: green ($((SECONDS - began)) s)"
  else
    say "   $name: RED ($((SECONDS - began)) s)"
    RED+=("$name")
  fi
}

# summed NAME PATTERN COMMAND...: runs tests, and keeps those lines of theirs that sum them up.
summed() {
  local name=$1 pattern=$2 log=$RUN_DIR/$1.log result=0 line
  shift 2
  mkdir -p "$RUN_DIR"
  "$@" 2>&1 | tee "$log" || result=$?
  while IFS= read -r line; do RESULTS+=("$name: $line"); done < <(
    sed $'s/\e\\[[0-9;]*[A-Za-z]//g' "$log" | grep -E "$pattern" | sed 's/^ *//'
  )
  return "$result"
}

npm_run() { npm --prefix "$WEB_DIR" --silent run "$@"; }

browser_tests() {
  LINNET_VENV=$VENV LINNET_CHROMIUM=$CHROMIUM npm_run test:browser
}

# The page's own checks; what cannot be done here is said and is not red.
check_page() {
  local missing
  [[ -f $WEB_DIR/package.json ]] || return 0
  missing=$(node_missing)
  if [[ -n $missing ]]; then
    say "Skipped: the page's lint, types, tests and browser tests. $missing."
    return
  fi
  step "page tools" need_page_tools
  if [[ ! -d $WEB_DIR/node_modules ]]; then return; fi
  step "page types" npm_run typecheck
  step "page lint" npm_run lint
  step "page tests" summed vitest '^ *(Test Files|Tests) ' npm_run test
  step "page build" build_page
  if [[ -f $WEB_DIR/dist/index.html ]] && need_chromium; then
    offer_firefox
    step "browser tests" summed playwright \
      '^ *[0-9]+ (passed|failed|flaky|skipped|did not run|interrupted)' browser_tests
  fi
}

# As many tests at once as there are processors: most of them wait for something.
SIDE_BY_SIDE=(-n logical --maxprocesses 4 --dist worksteal)

# All checks run, so that one look shows everything. Arguments are pytest's, and then it alone runs
# beside the quick checks, one test at a time. Pytest comes last, then what each runner of tests sums
# up to.
run_tests() {
  mkdir -p "$RUN_DIR"
  offer_python
  need test
  next_please
  step "ruff check" "$PY" -m ruff check .
  step "ruff format" "$PY" -m ruff format --check .
  step "mypy" "$PY" -m mypy -p server -p classifier
  step "import rules" "$VENV/bin/lint-imports"
  if (($# == 0)); then check_page; fi
  if ((${#RED[@]})); then
    local names
    names=$(printf '%s, ' "${RED[@]}")
    say "Red so far: ${names%, }. The tests run all the same; the exit status will be 1."
  fi
  say "== tests (what is skipped is listed with its reason before the summary)"
  local result=0 wanted=("$@")
  if (($# == 0)); then wanted=("${SIDE_BY_SIDE[@]}"); fi
  if ((${#RESULTS[@]})); then
    summed pytest '^=+ .*(passed|failed|error|no tests ran).* =+$' "$PY" -m pytest "${wanted[@]}" ||
      result=$?
    say "== all runners"
    printf '%s\n' "${RESULTS[@]}"
  else
    "$PY" -m pytest "${wanted[@]}" || result=$?
  fi
  if ((result == 0 && ${#RED[@]})); then result=1; fi
  exit "$result"
}
