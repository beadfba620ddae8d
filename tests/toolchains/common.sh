# shellcheck shell=bash
# Shared by tests/run and the install scripts beside this file; sourced, never run.
#
# What is installed goes to the system (Debian packages), to the tools' own caches (~/.m2, ~/.npm) or to $CACHE:
# nothing lands in the checkout except what .gitignore names.

CACHE="${SWITCHBOARD_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/switchboard}"

# One line a step, so that a log says what a machine was given and where the time went.
say() { printf '%s\n' "-- $*"; }
complain() { printf '%s\n' "!! $*" >&2; }

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo -n "$@"
    else
        complain "this needs root and there is no sudo: $*"
        return 1
    fi
}

# need_command COMMAND PACKAGE: the Debian package is installed when the command is missing, and only then.
need_command() {
    command -v "$1" >/dev/null && return 0
    install_packages "$2"
    command -v "$1" >/dev/null
}

# The package lists of a fresh machine are empty and those of an old one name versions that are gone: both show as a
# failed install, and only then are they fetched.
install_packages() {
    command -v apt-get >/dev/null || { complain "no apt-get here: install $* by hand"; return 1; }
    say "installing Debian packages: $*"
    apt_install "$@" >/dev/null 2>&1 && return 0
    say "fetching the package lists first"
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -q update </dev/null &&
        apt_install "$@"
}

apt_install() {
    as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get -q -y -o Dpkg::Use-Pty=0 --no-install-recommends install "$@" </dev/null
}

# The Debian mirror that this machine's apt is configured for.
debian_mirror() {
    # shellcheck disable=SC2016  # apt expands these, not the shell
    apt-get indextargets --format '$(RELEASE) $(COMPONENT) $(REPO_URI)' 'Created-By: Packages' |
        awk '$2 == "main" && $1 !~ /security|updates|backports|\// { print $3; exit }'
}

# npm_install FOLDER: the packages of its lock file, in the cache under the lock's hash, linked into the folder.
# A real node_modules is a developer's own: it is used as it is, and only repaired if it does not hold what the lock says.
npm_install() {
    local folder=$1 key store
    if [ -d "$folder/node_modules" ] && [ ! -L "$folder/node_modules" ]; then
        (cd "$folder" && npm ls --all >/dev/null 2>&1) && return 0
        say "npm ci in $folder"
        (cd "$folder" && npm ci --no-audit --no-fund --loglevel=error </dev/null)
        return
    fi
    key=$(cat "$folder/package.json" "$folder/package-lock.json" | sha256sum | cut -c1-16)
    store=$CACHE/npm/$(basename "$folder")-$key
    if [ ! -e "$store/.ready" ]; then
        say "npm ci for $folder"
        rm -rf "$store" && mkdir -p "$store" || return
        cp "$folder/package.json" "$folder/package-lock.json" "$store/" || return
        (cd "$store" && npm ci --no-audit --no-fund --loglevel=error </dev/null) || return
        touch "$store/.ready"
    fi
    ln -sfn "$store/node_modules" "$folder/node_modules"
}
