#!/bin/sh
# sh test/chroot/run.sh TREE COMMAND...   runs COMMAND on a copy of this checkout inside a copy of TREE
#
# TREE is a bare Debian as "debootstrap --variant=minbase trixie TREE" makes it; it stays as it is. What
# the checkout has committed and what it has not yet is copied, what git ignores is not, so that the
# command meets what a stranger meets:
#     sh test/chroot/run.sh /var/chroots/trixie sh cmake/quickstart.sh test
# Needs root and git. KEEP=1 leaves the copy behind and says where. NODE_EXTRA_CA_CERTS, a file for networks
# that sign the web anew, is passed on.
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd)
tree=${1:?which tree?}
shift

copy=$(mktemp -d "${TMPDIR:-/tmp}/hubbub-chroot.XXXXXX")
home="$copy/srv/a stranger's checkout"

clean_up() {
    umount "$copy/dev/shm" "$copy/dev" "$copy/proc" 2>/dev/null || true
    if [ -n "${KEEP-}" ]; then
        echo "kept: $copy" >&2
    elif ! grep -q " $copy/" /proc/mounts; then
        rm -rf --one-file-system "$copy"
    fi
}
trap clean_up EXIT
trap 'exit 130' INT TERM

cp -a "$tree/." "$copy/"
cp -L /etc/resolv.conf "$copy/etc/resolv.conf"
mount -t proc proc "$copy/proc"
mount -t tmpfs -o mode=755 tmpfs "$copy/dev"
for device in null zero full random urandom tty; do
    cp -a "/dev/$device" "$copy/dev/"
done
ln -s /proc/self/fd "$copy/dev/fd"
mkdir "$copy/dev/shm"
mount -t tmpfs -o mode=1777 tmpfs "$copy/dev/shm"

mkdir "$home"
(cd "$root" && git ls-files -z --cached --others --exclude-standard) |
    tar -C "$root" --ignore-failed-read --warning=no-failed-read --null -T - -cf - | tar -C "$home" --no-same-owner -xf -

if [ -n "${NODE_EXTRA_CA_CERTS-}" ]; then
    cp "$NODE_EXTRA_CA_CERTS" "$copy/etc/extra-ca.pem"
fi
env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 \
    ${CI:+CI="$CI"} ${NODE_EXTRA_CA_CERTS:+NODE_EXTRA_CA_CERTS=/etc/extra-ca.pem} chroot "$copy" sh -c 'cd "/srv/a stranger'"'"'s checkout" && exec "$@"' sh "$@"
