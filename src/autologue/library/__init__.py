"""Published models, one readable file each, found by name.

>>> load("stein_2019").product
'tisagenlecleucel'
>>> list(populations("stein_2019"))
['sd', 'variance']
"""

from autologue.library.shelf import load, module, names, populations

__all__ = ["load", "module", "names", "populations"]
