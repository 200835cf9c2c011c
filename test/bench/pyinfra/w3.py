# The same thirty tasks as ../playbooks/w3.ts, as far as pyinfra's operations go: it has none for INI files, so the ten
# keys are lines, which leave the mode of nova.conf as it is.
from pathlib import Path

from pyinfra import host
from pyinfra.operations import files, server

bench = Path(__file__).resolve().parent.parent
sections = [
    "DEFAULT", "api", "cinder", "conductor", "database", "glance", "keystone_authtoken", "libvirt", "neutron", "vnc",
]

for i, section in enumerate(sections):
    key = f"{section.lower()}_opt_{i * 3}"
    files.line(
        name=f"Set {key}", path="/etc/nova/nova.conf", line=rf"^#\?{key} = .*", replace=f"{key} = migrated-{i}"
    )
for i in range(3):
    files.line(
        name=f"Set limit{i}", path="/etc/nova/limits.conf", line=rf"^limit{i}=.*", replace=f"limit{i}=10{i}"
    )
for i in range(5):
    files.put(
        name=f"Copy f{i}.conf", src=str(bench / f"files/f{i}.conf"), dest=f"/etc/nova/f{i}.conf",
        user="root", group="root", mode="644",
    )
for i in range(2):
    files.template(
        name=f"Write t{i}.conf", src=str(bench / f"ansible/templates/t{i}.j2"), dest=f"/etc/nova/t{i}.conf",
        user="root", group="root", mode="640",
        inventory_hostname=host.name, rabbit_host="10.77.0.11", db_host="10.77.0.12",
    )
for i in range(3):
    files.directory(
        name=f"Make the directory d{i}", path=f"/var/lib/nova/d{i}", user="daemon", group="daemon", mode="750"
    )
for i in range(2):
    files.file(name=f"Give p{i} to daemon", path=f"/etc/nova/p{i}", user="daemon", group="daemon", mode="640")
for name in ("compute", "api"):
    server.service(name=f"Start nova-{name}", service=f"openstack-nova-{name}", running=True)
server.shell(name="Run true", commands=["/bin/true"])
server.shell(name="Read the name", commands=["cat /etc/hostname"])
server.shell(name="Look for nova.conf", commands=["test -f /etc/nova/nova.conf"])
