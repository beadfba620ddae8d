#!/usr/bin/env bash
# Swift 6 on Debian: Debian 13 packages it, Debian 12 does not, so it lives in a chroot of Debian 13 in the cache.
#
#   swift.sh install                 makes the chroot if it is not there (about a minute, 2 GB)
#   swift.sh run DIR[:DIR] CMD...    runs a command in it with these directories mounted at the same paths
#
# Both need root. A command runs in a mount and a process namespace of its own: when it ends, however it ends, its
# processes are gone and nothing stays mounted.
set -euo pipefail
# shellcheck source=tests/toolchains/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

SUITE=trixie
PACKAGES=swiftlang,swiftlang-dev,g++,git,ca-certificates
# A change of this script's recipe makes a new chroot.
RECIPE=1
ROOT=$CACHE/swift-$SUITE-$RECIPE

installed() { [ -e "$ROOT/.ready" ]; }

install() {
    installed && return 0
    need_command mmdebstrap mmdebstrap
    local mirror settings
    mirror=$(debian_mirror)
    [ -n "$mirror" ] || { complain "apt names no Debian mirror to make the Swift chroot from"; return 1; }
    say "making the Swift chroot of Debian $SUITE in $ROOT (once, about a minute, 2 GB)"
    mkdir -p "$CACHE"
    exec 9>"$CACHE/swift.lock"
    flock 9
    installed && return 0
    as_root rm -rf "$ROOT" "$ROOT.part"
    # The proxy and the date checks of this machine's apt hold for the chroot's too.
    settings=$(mktemp)
    # shellcheck disable=SC2064  # the path is meant as it is now
    trap "rm -f '$settings'; as_root rm -rf '$ROOT.part'" EXIT
    apt-config dump | grep -E '^Acquire::(http|https|Check-Date|Check-Valid-Until)\b' | grep -v '""' >"$settings" || true
    as_root mmdebstrap --mode=root --variant=apt --format=directory --quiet \
        --aptopt='APT::Install-Recommends "false"' --aptopt="$settings" \
        --dpkgopt=force-unsafe-io \
        --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/doc/*' \
        --dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='path-exclude=/usr/libexec/swift/bin/lldb*' \
        --dpkgopt='path-exclude=/usr/libexec/swift/bin/clangd' --dpkgopt='path-exclude=/usr/libexec/swift/bin/docc' \
        --dpkgopt='path-exclude=/usr/libexec/swift/lib/swift_static/*' \
        --include="$PACKAGES" "$SUITE" "$ROOT.part" "$mirror" </dev/null
    as_root mv "$ROOT.part" "$ROOT"
    as_root touch "$ROOT/.ready"
}

run() {
    local shared=$1
    shift
    installed || { complain "there is no Swift chroot: run '$0 install' first"; return 1; }
    # /proc must be there, or the dynamic linker does not find libswiftCore ($ORIGIN). The variables are those that the
    # tests read; everything else of the caller's environment stays outside.
    # shellcheck disable=SC2016  # expanded by the inner shell
    exec_as_root unshare --mount --pid --fork --kill-child --propagation private bash -c '
        set -e
        root=$1 shared=$2; shift 2
        mount -t proc proc "$root/proc"
        mount --rbind /dev "$root/dev"
        mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
        IFS=: read -ra directories <<<"$shared"
        for directory in "${directories[@]}"; do
            mkdir -p "$root$directory"
            mount --bind "$directory" "$root$directory"
        done
        # The first process of a namespace dies of no signal that it has no handler for; when it ends, so do all others.
        trap "exit 143" TERM INT HUP
        chroot "$root" env -i HOME=/root LANG=C.UTF-8 PATH=/usr/libexec/swift/bin:/usr/bin:/bin "$@" &
        wait $!
    ' swift "$ROOT" "$shared" "$@"
}

exec_as_root() {
    if [ "$(id -u)" = 0 ]; then exec "$@"; else exec sudo -n "$@"; fi
}

case "${1:-}" in
install) install ;;
run) shift && run "$@" ;;
*) complain "usage: $0 install | run DIRECTORY COMMAND..." && exit 2 ;;
esac
