"""What oslo.config reads: a JSON text a line in, sections with the values of their keys a line out, or why it refuses."""
import json
import sys
import tempfile

from oslo_config import cfg

for line in sys.stdin:
    with tempfile.NamedTemporaryFile('w', newline='') as file:
        file.write(json.loads(line))
        file.flush()
        sections = {}
        try:
            cfg.ConfigParser(file.name, sections).parse()
            print(json.dumps({'read': sections}))
        except cfg.ParseError as error:
            print(json.dumps({'refused': str(error).split(': ', 1)[-1]}))
