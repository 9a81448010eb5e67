#!/usr/bin/env bash
# Runs Linnet on this machine: makes the environment, starts and stops the server, tests it.
#
# Needs Python 3.11 or later, and Node 20.19 or later to build the page; nothing else. All state of a
# running server is in .run/. Settings come from the environment and .env, as the server reads them.
# What the commands do is in scripts/.
set -euo pipefail

CALLER_DIR=$PWD
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
cd "$ROOT"

# LINNET_VENV names a prepared environment: it is used as it is, nothing is installed into it.
PREPARED_VENV=${LINNET_VENV:-}
VENV=${PREPARED_VENV:-$ROOT/.venv}
CHOSEN_PYTHON=${LINNET_PYTHON:-}
START_DEADLINE_S=${LINNET_START_DEADLINE_S:-60}
STOP_DEADLINE_S=${LINNET_STOP_DEADLINE_S:-10}
CHOSEN_CHROMIUM=${LINNET_CHROMIUM:-}
unset LINNET_VENV LINNET_PYTHON LINNET_START_DEADLINE_S LINNET_STOP_DEADLINE_S LINNET_CHROMIUM

PY=$VENV/bin/python
RUN_DIR=$ROOT/.run
PID_FILE=$RUN_DIR/linnet.pid
LOG_FILE=$RUN_DIR/linnet.log
INSTALL_LOG=$RUN_DIR/install.log
LOG_LIMIT_BYTES=$((10 * 1024 * 1024))

# shellcheck source=scripts/common.sh
source "$ROOT/scripts/common.sh"
# shellcheck source=scripts/python.sh
source "$ROOT/scripts/python.sh"
# shellcheck source=scripts/process.sh
source "$ROOT/scripts/process.sh"
# shellcheck source=scripts/page.sh
source "$ROOT/scripts/page.sh"
# shellcheck source=scripts/server.sh
source "$ROOT/scripts/server.sh"
# shellcheck source=scripts/browsers.sh
source "$ROOT/scripts/browsers.sh"
# shellcheck source=scripts/checks.sh
source "$ROOT/scripts/checks.sh"
# shellcheck source=scripts/upkeep.sh
source "$ROOT/scripts/upkeep.sh"
# shellcheck source=scripts/docker.sh
source "$ROOT/scripts/docker.sh"

help() {
  cat <<'TEXT'
Usage: ./manage.sh COMMAND

  start            make environment and page if need be, start the server, wait until it is ready
  stop             stop the server that start started
  restart          stop, then start
  status           say whether it runs and where (exit status 0: runs, 3: does not)
  logs             follow the server's log (-n N: last N lines, --no-follow: print and leave)
  open             open the web page in a browser
  demo             play the recording that ships with Linnet and print what is heard in it
  stream FILE      play an audio file into the server in real time and print what is heard
  analyze FILE...  hear whole recordings without a server; -o OUT writes what was heard (--help)
  dev              work on the page: the API, and Vite with a proxy to it; Ctrl-C ends both
  test [ARGS]      lint, types and all tests, in browsers too; with ARGS pytest alone, which gets them
  bench [ARGS]     measure the server beside its peers; ARGS go to the benchmark
  lock [--upgrade] make requirements/*.txt anew after a change of dependencies
  docker-start     build the image and start it in Docker
  docker-stop      stop it
  help             this text

Settings are those of .env.example, from the environment or .env. For this script alone:
  LINNET_PYTHON            the Python to make the environment with
  LINNET_VENV              a prepared environment to use as it is
  LINNET_START_DEADLINE_S  how long start waits for ready (60)
  LINNET_STOP_DEADLINE_S   how long stop waits before it kills (10)
  LINNET_CHROMIUM          the Chromium or Chrome to test the page with
TEXT
}

main() {
  local command=${1:-help}
  if (($#)); then shift; fi
  case $command in
    start | stop | restart | status | open | demo | dev | docker-start | docker-stop | help)
      (($# == 0)) || [[ $command == demo ]] || die "$command takes no arguments (./manage.sh help)"
      ;;
  esac
  case $command in
    start) start ;;
    stop) stop ;;
    restart) restart ;;
    status) status ;;
    logs) logs "$@" ;;
    open) open_page ;;
    demo) client demo "$@" ;;
    stream) stream "$@" ;;
    analyze) analyze "$@" ;;
    dev) dev ;;
    test) run_tests "$@" ;;
    bench) bench "$@" ;;
    lock) lock "$@" ;;
    docker-start) docker_start ;;
    docker-stop) docker_stop ;;
    help | -h | --help) help ;;
    *) die "Unknown command: $command (./manage.sh help)" ;;
  esac
}

main "$@"
