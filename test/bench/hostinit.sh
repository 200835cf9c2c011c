#!/bin/sh
# First program of a host, in namespaces of its own: puts its root file system together, moves into it and becomes its init.
# hostinit.sh NAME ADDRESS STATE
set -e
name=$1 address=$2 state=$3
at=$state/hosts/$name
root=$at/root

mount -t overlay "$name" "$root" -o "lowerdir=$state/template:/,upperdir=$at/upper,workdir=$at/work,index=off,xino=off"
mount -t proc -o nosuid,nodev,noexec proc "$root/proc"
mount -t sysfs -o ro,nosuid,nodev,noexec sysfs "$root/sys"
mount -t tmpfs -o mode=755,size=64m run "$root/run"
mount -t tmpfs -o mode=755,size=1m dev "$root/dev"
for device in null:3 zero:5 full:7 random:8 urandom:9; do mknod -m 666 "$root/dev/${device%:*}" c 1 "${device#*:}"; done
mknod -m 666 "$root/dev/tty" c 5 0
mkdir "$root/dev/pts" "$root/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts "$root/dev/pts"
mount -t tmpfs -o mode=1777,size=64m shm "$root/dev/shm"
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
for stream in 0:stdin 1:stdout 2:stderr; do ln -s "/proc/self/fd/${stream%:*}" "$root/dev/${stream#*:}"; done
mkdir -p "$root/run/sshd" "$root/run/lock"
echo "ListenAddress $address" >>"$root/etc/ssh/sshd_config"
echo "$name" >"$root/etc/hostname"
printf '127.0.0.1 localhost\n%s %s\n' "$address" "$name" >"$root/etc/hosts"

hostname "$name"
mkdir "$root/run/.old"
cd "$root"
pivot_root . run/.old
umount -l /run/.old
rmdir /run/.old

exec setpriv --bounding-set=-sys_time,-sys_module,-sys_rawio,-syslog,-mac_admin,-mac_override,-wake_alarm \
  env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 /sbin/init -c '
    /usr/sbin/sshd
    for script in /etc/init.d/*; do "$script" start >/dev/null; done
    while [ ! -s /run/sshd.pid ]; do sleep 0.01; done
    echo up >/run/ready
    while :; do sleep infinity & wait; done'
