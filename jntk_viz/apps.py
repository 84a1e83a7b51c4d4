"""The pages' apps as modules, for notebooks, from a clone and from an installed package.

from jntk_viz.apps import robust_training
robust_training.app()
"""

from jntk_viz.folders import apps_folder

# Makes of this module a package of the files that `jntk-viz serve` serves.
__path__ = [str(apps_folder())]
