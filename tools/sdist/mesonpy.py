"""What pip is told to be the builder of the source archives that tools/deps.sh fetches.

`pip download` prepares a package's metadata before it gives the archive out, and does so by the
package's own build script, which wants Cython, Meson and Python's headers. Only the C sources are
wanted here, so this stands in their place: it repeats the metadata that is in the archive, and
nothing of the package is run. It builds nothing, so nothing can be installed by it."""
import email
import os


def prepare_metadata_for_build_wheel(folder, config_settings=None):
    with open("PKG-INFO", encoding="utf-8") as file:
        text = file.read()
    info = email.message_from_string(text)
    name = "{}-{}.dist-info".format(info["Name"].replace("-", "_"), info["Version"])
    os.mkdir(os.path.join(folder, name))
    with open(os.path.join(folder, name, "METADATA"), "w", encoding="utf-8") as file:
        file.write(text)
    return name
