"""Write facts as JSON without losing anything."""

import json
from dataclasses import asdict
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from pokervod_pipelines.media.facts import AudioTrack, MediaFacts, MediaStatus

counts = st.none() | st.integers(0, 2**62)
words = st.none() | st.text()
tracks = st.builds(AudioTrack, st.text(), st.integers(0, 64), st.text())


@given(
    facts=st.builds(
        MediaFacts,
        status=st.sampled_from(MediaStatus),
        reason=st.text(),
        size=counts,
        duration_ms=counts,
        container=words,
        start_timecode=words,
        drop_frame=st.none() | st.booleans(),
        audio=st.lists(tracks).map(tuple),
    )
)
def test_every_fact_is_in_the_json(facts: MediaFacts) -> None:
    assert json.loads(json.dumps(facts.as_json())) == json.loads(json.dumps(asdict(facts)))


def test_the_rate_is_a_fraction_where_it_is_known() -> None:
    assert MediaFacts(status=MediaStatus.OK, rate_num=30_000, rate_den=1001).rate == Fraction(30_000, 1001)
    assert MediaFacts(status=MediaStatus.BROKEN).rate is None
