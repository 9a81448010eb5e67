# shellcheck shell=bash
# The same server in Docker.

compose() {
  command -v docker >/dev/null || die "Docker is not installed. ./manage.sh start runs without it."
  docker compose version >/dev/null 2>&1 || die "Docker has no compose plugin (docker compose)."
  docker info >/dev/null 2>&1 || die "Docker is installed but its engine does not answer."
  docker compose "$@"
}

docker_start() {
  compose up --detach --build --wait
  say "Linnet is ready in Docker, at these addresses of this machine:"
  compose ps --format '{{.Name}}  {{.Ports}}'
}

docker_stop() { compose down; }
