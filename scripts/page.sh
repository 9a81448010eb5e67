# shellcheck shell=bash
# The page: Node found, its tools installed, built when its sources changed, developed.

WEB_DIR=$ROOT/web
PAGE_LOG=$RUN_DIR/page.log
NODE_WANTED=20.19

# What is missing of Node, in words; nothing when all is there.
node_missing() {
  local version
  if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
    say "Node $NODE_WANTED or later is not installed"
    return
  fi
  version=$(node --version)
  if ! node -e '
      const [major, minor] = process.versions.node.split(".").map(Number);
      process.exit(major > 20 || (major === 20 && minor >= 19) ? 0 : 1);'; then
    say "Node $NODE_WANTED or later is needed, and this is ${version#v}"
  fi
}

# sources_of_page: prints everything the page is made of, by name and content.
sources_of_page() {
  (
    cd "$WEB_DIR"
    find . \( -path ./node_modules -o -path ./dist -o -path ./tests -o -path ./test-results \) \
      -prune -o -type f -print | LC_ALL=C sort | while IFS= read -r file; do
      say "$file"
      cat "$file"
    done
  )
}

# counting TOTAL COMMAND...: runs it, its words into the page's log, and shows meanwhile how many
# packages have arrived.
counting() {
  local total=$1 pid count began=$SECONDS told=$SECONDS
  shift
  "$@" >>"$PAGE_LOG" 2>&1 9>&- &
  pid=$!
  while kill -0 "$pid" 2>/dev/null; do
    sleep 0.5
    [[ -t 1 ]] || ((SECONDS - told >= 10)) || continue
    told=$SECONDS
    count=$(find "$WEB_DIR/node_modules" -maxdepth 3 -name package.json 2>/dev/null | wc -l)
    if ((count > total)); then count=$total; fi
    if [[ -t 1 ]]; then
      printf '\r  %d of about %d packages' "$count" "$total"
    else
      say "  $((count)) of about $total packages ($((SECONDS - began)) s)"
    fi
  done
  if [[ -t 1 ]]; then printf '\r\n'; fi
  wait "$pid"
}

why_page_failed() {
  local line
  line=$(grep -E 'error|Error|ERR!' "$PAGE_LOG" | grep -v 'npm error A complete log' | head -n 1)
  complain "$1: ${line:-see the log}"
  complain "All of it is in ${PAGE_LOG#"$ROOT"/}."
}

# need_page_tools: makes sure that web/node_modules is what the lock says.
need_page_tools() {
  local stamp=$WEB_DIR/node_modules/.linnet-installed fingerprint total
  fingerprint=$({ cat "$WEB_DIR/package-lock.json" "$WEB_DIR/package.json" && node --version; } | checksum)
  if [[ -f $stamp && $(<"$stamp") == "$fingerprint" ]]; then return; fi
  total=$(grep -c '"node_modules/' "$WEB_DIR/package-lock.json")
  say "Installing the page's locked tools (web/package-lock.json) ..."
  : >"$PAGE_LOG"
  if ! counting "$total" npm --prefix "$WEB_DIR" ci --no-audit --no-fund; then
    why_page_failed "The page's tools could not be installed"
    return 1
  fi
  say "$fingerprint" >"$stamp"
}

# build_page: builds web/dist unless it is already made of the present sources.
build_page() {
  local stamp=$WEB_DIR/dist/.built fingerprint began=$SECONDS
  fingerprint=$(sources_of_page | checksum)
  if [[ -f $WEB_DIR/dist/index.html && -f $stamp && $(<"$stamp") == "$fingerprint" ]]; then return; fi
  need_page_tools || return 1
  say "Building the page ..."
  : >"$PAGE_LOG"
  if ! npm --prefix "$WEB_DIR" run build >>"$PAGE_LOG" 2>&1 9>&-; then
    why_page_failed "The page could not be built"
    return 1
  fi
  say "$fingerprint" >"$stamp"
  say "  built ($((SECONDS - began)) s)"
}

# offer_page: builds the page where that is possible; a server without one still serves.
offer_page() {
  local missing instead="the plain page is served"
  [[ -f $WEB_DIR/package.json ]] || return 0
  if [[ -f $WEB_DIR/dist/index.html ]]; then instead="the page as it was last built is served"; fi
  missing=$(node_missing)
  if [[ -n $missing ]]; then
    if [[ ! -f $WEB_DIR/dist/.built || $(<"$WEB_DIR/dist/.built") != "$(sources_of_page | checksum)" ]]; then
      say "$missing: $instead."
    fi
  elif ! build_page; then
    complain "So $instead."
  fi
}

# dev: the interface on its port, Vite with a proxy to it on the page's, until Ctrl-C.
dev() {
  local missing answer server began=$SECONDS
  [[ -f $WEB_DIR/package.json ]] || die "There is no page here (web/)."
  missing=$(node_missing)
  [[ -z $missing ]] || die "$missing."
  need runtime
  mkdir -p "$RUN_DIR"
  one_at_a_time
  need_page_tools || exit 1
  next_please
  answer=$("$PY" -m server.cli.probe addresses) || exit 1
  IFS=$'\t' read -r SERVER_HOST SERVER_CONNECT SERVER_PORT SERVER_FRONTEND_PORT <<<"$answer"
  export_addresses
  # The server's own page port goes out of Vite's way.
  LINNET_FRONTEND_PORT=0 "$PY" -m server serve &
  server=$!
  # shellcheck disable=SC2064 # this very process
  trap "kill $server 2>/dev/null || true" EXIT
  until "$PY" -m server.cli.probe health "$(api_url)" >/dev/null 2>&1; do
    kill -0 "$server" 2>/dev/null || die "The server did not start; the reason stands above."
    ((SECONDS - began < START_DEADLINE_S)) || die "The server did not answer within $START_DEADLINE_S s."
    sleep 0.2
  done
  say "API at $(api_url), page at $(web_url) (changes show at once). Ctrl-C ends both."
  npm --prefix "$WEB_DIR" run dev || true
}
