package audit

import "testing"

// TestMayGather: nobody waits for more records where enough of them wait, or they
// would come faster than they are written, and be lost.
func TestMayGather(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		room, waiting int
		want          bool
	}{
		{gatherRoom - 1, 0, false},
		{gatherRoom, 0, true},
		{gatherRoom, gatherEnough - 1, true},
		{gatherRoom, gatherEnough, false},
		{defaultMaxRecords, 0, true},
		{defaultMaxRecords, gatherEnough, false},
		{defaultMaxRecords, defaultMaxRecords, false},
	} {
		l := &Log{queue: make(chan *line, tt.room)}
		for range tt.waiting {
			l.queue <- nil
		}
		if got := l.mayGather(); got != tt.want {
			t.Errorf("%d of %d wait: %v", tt.waiting, tt.room, got)
		}
	}
}
