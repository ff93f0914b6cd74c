# SPDX-License-Identifier: GPL-2.0-only
# views.py VIEWS CONFIG: adds the mounts to a configuration of crun's that our containers have for their views.
import json
import os
import sys

views, name = sys.argv[1:]
where = {"cpu." + x: "/sys/devices/system/cpu/" + x for x in ("online", "possible", "present")}
where.update({"pressure." + x: "/proc/pressure/" + x for x in ("cpu", "io", "memory")})
with open(name) as f:
    config = json.load(f)
for view in sorted(os.listdir(views)):
    to = where.get(view, "/proc/" + view)
    if os.path.exists(to):
        config["mounts"].append({"destination": to, "source": os.path.join(views, view),
                                 "options": ["bind", "ro", "nosuid", "nodev", "noexec"]})
with open(name, "w") as f:
    json.dump(config, f)
