"""Answers questions as the Ansible of this machine does: one JSON object a line in, one a line out, in order.

{"kind": "yaml", "text"}                      what a YAML file holds
{"kind": "value", "text"}                     what an INI inventory makes of the text behind a name's =
{"kind": "template", "vars", "text"}          what a text with {{ }} in it is
{"kind": "config", "text", "env"}              what an ansible.cfg and variables say
{"kind": "search", "files", "named", "open"}  which ansible.cfg counts, by the forks in it
{"kind": "vault", "text", "keys"}             what a vault holds, opened with some of the keys
{"kind": "nested", "files", "args"}           as inventory, and every variable is evaluated
{"kind": "inventory", "files", "args", "patterns"}   hosts, groups, variables, and what patterns name
An answer is {"is": ...}, or {"error": text}. What JSON cannot say is {"$": kind, "of": text}.
"""
import json, os, shutil, sys, tempfile

for name in [n for n in os.environ if n.startswith("ANSIBLE_")]:
    del os.environ[name]
empty = tempfile.NamedTemporaryFile(suffix=".cfg")
os.environ["ANSIBLE_CONFIG"] = empty.name

from ansible.cli.inventory import INTERNAL_VARS
from ansible.config.manager import ConfigManager, find_ini_config_file
from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
from ansible.parsing.vault import VaultLib, VaultSecret
from ansible.plugins.inventory.ini import InventoryModule
from ansible.template import Templar
from ansible.utils.display import Display
from ansible.vars.hostvars import HostVars
from ansible.vars.manager import VariableManager

Display.warning = lambda *a, **k: None


def said(value):
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if abs(value) <= 2**53 - 1 else {"$": "int", "of": str(value)}
    if isinstance(value, float):
        return value if value == value and abs(value) != float("inf") else {"$": "float", "of": str(value)}
    if isinstance(value, str):
        return str(value)
    if isinstance(value, (list, tuple)):
        return [said(item) for item in value]
    if isinstance(value, dict):
        return {named(key): said(item) for key, item in value.items()}
    return {"$": type(value).__name__, "of": str(value)}


def named(key):
    """A name as JSON writes it."""
    return key if isinstance(key, str) else next(iter(json.loads(json.dumps({key: 1}, default=str))))


def evaluated(templar, value):
    try:
        return json.loads(json.dumps(templar.template(value), default=str))
    except Exception:
        return {"$": "error", "of": ""}


def search(question):
    folder = tempfile.mkdtemp()
    before = dict(os.environ)
    try:
        for name in ("cwd", "home", "named"):
            os.makedirs(os.path.join(folder, name))
        for name, content in question["files"].items():
            with open(os.path.join(folder, name), "w") as file:
                file.write(content)
        os.chdir(os.path.join(folder, "cwd"))
        os.chmod(".", 0o777 if question["open"] else 0o755)
        os.environ["HOME"] = os.path.join(folder, "home")
        os.environ.pop("ANSIBLE_CONFIG", None)
        if "named" in question:
            named = question["named"]
            os.environ["ANSIBLE_CONFIG"] = named if named[:1] in ("", "~") else os.path.join(folder, named)
        found = find_ini_config_file(set())
        value, origin = ConfigManager(conf_file=found).get_config_value_and_origin("DEFAULT_FORKS") if found else (None, "default")
        return None if origin == "default" else value
    finally:
        os.environ.clear()
        os.environ.update(before)
        os.chdir("/")
        shutil.rmtree(folder)


def vault(question):
    keys = [(label, VaultSecret(password.encode())) for label, password in question["keys"]]
    return VaultLib(keys).decrypt(question["text"]).decode()


def inventory(question):
    folder = tempfile.mkdtemp()
    try:
        for name, content in question["files"].items():
            path = os.path.join(folder, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w") as file:
                file.write(content)
            if content.startswith("#!"):
                os.chmod(path, 0o755)
        os.chdir(folder)
        loader = DataLoader()
        loader.set_basedir(folder)
        sources = [a if a.endswith(",") else os.path.join(folder, a) for a in question["args"]]
        found = InventoryManager(loader, sources)
        variables = VariableManager(loader, found)
        hidden = set(INTERNAL_VARS) | {"ansible_group_priority"}
        hostvars = {}
        nested = question["kind"] == "nested"
        if nested:
            HostVars(found, variables, loader)
        for host in found.hosts.values():
            every = variables.get_vars(host=host, include_hostvars=nested, stage="all")
            own = {k: v for k, v in every.items() if k not in hidden}
            if nested:
                own = {k: evaluated(Templar(loader, variables=every), own[k]) for k in "abcde" if k in own}
            hostvars[host.name] = said(own)
        patterns = []
        for pattern in question.get("patterns", []):
            try:
                patterns.append([h.name for h in found.get_hosts(pattern)])
            except Exception as error:
                patterns.append({"error": str(error)[:200]})
        return {
            "order": list(found.hosts),
            "hostvars": hostvars,
            "groups": {
                name: {
                    "hosts": [h.name for h in group.hosts],
                    "children": [c.name for c in group.child_groups],
                    "all": [h.name for h in group.get_hosts()],
                }
                for name, group in found.groups.items()
            },
            "patterns": patterns,
        }
    finally:
        os.chdir("/")
        shutil.rmtree(folder)


# What is asked of a configuration, by the names that we have for it.
CONFIG = {
    "inventory": "DEFAULT_HOST_LIST", "forks": "DEFAULT_FORKS", "force-handlers": "DEFAULT_FORCE_HANDLERS",
    "diff": "DIFF_ALWAYS", "tags": "TAGS_RUN", "skip-tags": "TAGS_SKIP", "become": "DEFAULT_BECOME",
    "become-user": "DEFAULT_BECOME_USER", "ask-become-pass": "DEFAULT_BECOME_ASK_PASS", "ask-pass": "DEFAULT_ASK_PASS",
    "vault-password-file": "DEFAULT_VAULT_PASSWORD_FILE", "vault-id": "DEFAULT_VAULT_IDENTITY_LIST",
    "ansible_user": "DEFAULT_REMOTE_USER", "ansible_private_key_file": "DEFAULT_PRIVATE_KEY_FILE",
    "ansible_timeout": "DEFAULT_TIMEOUT", "ansible_become_method": "DEFAULT_BECOME_METHOD",
}


def config(question):
    folder = tempfile.mkdtemp()
    before = dict(os.environ)
    try:
        path = os.path.join(folder, "ansible.cfg")
        with open(path, "w") as file:
            file.write(question["text"])
        os.environ.update(question["env"])
        os.chdir(folder)
        manager = ConfigManager(conf_file=path)
        found = {}
        for ours, theirs in CONFIG.items():
            value, origin = manager.get_config_value_and_origin(theirs)
            if origin != "default" and value != "":
                found[ours] = json.loads(json.dumps(value).replace(folder, "FOLDER"))
        return found
    finally:
        os.environ.clear()
        os.environ.update(before)
        os.chdir("/")
        shutil.rmtree(folder)


def answer(question):
    kind = question["kind"]
    if kind == "yaml":
        return said(DataLoader().load(question["text"]))
    if kind == "value":
        return said(InventoryModule._parse_value(question["text"]))
    if kind == "template":
        return said(Templar(DataLoader(), variables=question["vars"]).template(question["text"]))
    if kind == "config":
        return config(question)
    if kind == "search":
        return search(question)
    if kind == "vault":
        return vault(question)
    if kind in ("inventory", "nested"):
        return inventory(question)
    raise ValueError(kind)


for line in sys.stdin:
    try:
        made = {"is": answer(json.loads(line))}
    except Exception as error:
        made = {"error": " ".join(str(error).split())[:300]}
    print(json.dumps(made), flush=True)
