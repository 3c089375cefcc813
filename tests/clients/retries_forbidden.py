"""Tries again what it may not do."""

import correct

correct.RETRIED.add(403)
correct.run(correct.Client())
