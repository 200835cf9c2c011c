#!/bin/sh
# First program of a host: in new mount, pid, uts and ipc namespaces, already inside the host's network namespace, it
# puts the host's root file system together, moves into it and becomes the host's init.
# hostinit.sh NAME ROOT LOWER DISK
set -e
name=$1 root=$2 lower=$3 disk=$4

mount -t overlay "openstack-$name" "$root" -o "lowerdir=$lower,upperdir=$disk/upper,workdir=$disk/work,index=off,xino=off"
mount -t proc -o nosuid,nodev,noexec proc "$root/proc"
mount -t sysfs -o ro,nosuid,nodev,noexec sysfs "$root/sys"
mount -t tmpfs -o mode=755,size=256m run "$root/run"
mount -t tmpfs -o mode=755,size=1m dev "$root/dev"
for device in null:3 zero:5 full:7 random:8 urandom:9; do
  mknod -m 666 "$root/dev/${device%:*}" c 1 "${device#*:}"
done
mknod -m 666 "$root/dev/tty" c 5 0
mkdir "$root/dev/pts" "$root/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts "$root/dev/pts"
mount -t tmpfs -o mode=1777,size=256m shm "$root/dev/shm"
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
for stream in 0:stdin 1:stdout 2:stderr; do ln -s "/proc/self/fd/${stream%:*}" "$root/dev/${stream#*:}"; done
mkdir -p "$root/run/lock" "$root/run/sshd"
chmod 1777 "$root/run/lock"

hostname "$name"
mkdir "$root/run/.old"
cd "$root"
pivot_root . run/.old
umount -l /run/.old
rmdir /run/.old

exec setpriv --bounding-set=-sys_time,-sys_module,-sys_rawio,-syslog,-mac_admin,-mac_override,-wake_alarm \
  env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 \
  /bin/sh /usr/lib/openstack-rig/init
