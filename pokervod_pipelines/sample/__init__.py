"""A made-up archive to try everything on: what a newcomer sees first, and material for tests.

The room makes up names, tiny videos and annotation workbooks in the shapes of a real archive; it knows nothing of how
they are scanned or read. It does not belong here to configure anything: the caller turns ``SampleLayout`` into
settings.
"""

from pokervod_pipelines.sample.annotations.faults import FAULTS, Fault
from pokervod_pipelines.sample.layout import SampleLayout, lay_out_sample

__all__ = ["FAULTS", "Fault", "SampleLayout", "lay_out_sample"]
