package standalone

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// deadlines is a ResponseWriter that counts the deadlines set.
type deadlines struct {
	*httptest.ResponseRecorder
	set int
}

func (d *deadlines) SetReadDeadline(time.Time) error {
	d.set++
	return nil
}

// TestLateReadsLeaveTheConnectionAlone: who still holds a body after the answer
// does not move the deadline of what the connection serves next; net/http's
// HTTP/2 does not even survive it.
func TestLateReadsLeaveTheConnectionAlone(t *testing.T) {
	t.Parallel()
	for _, protocol := range []int{1, 2} {
		for _, whole := range []bool{true, false} {
			w := &deadlines{ResponseRecorder: httptest.NewRecorder()}
			r := httptest.NewRequest(http.MethodPut, "/", strings.NewReader("hello"))
			r.ProtoMajor = protocol
			u := newUpload(r, http.NewResponseController(w), time.Second)
			if whole {
				if _, err := io.ReadAll(u); err != nil {
					t.Fatal(err)
				}
			}
			if want := protocol == 1 && !whole; u.unread() != want {
				t.Errorf("HTTP/%d, whole %v: unread is %v", protocol, whole, !want)
			}
			u.discard(0)
			before := w.set
			if n, err := u.Read(make([]byte, 1)); n != 0 || err == nil {
				t.Errorf("HTTP/%d, whole %v: read %d bytes, %v", protocol, whole, n, err)
			}
			u.ended(io.EOF)
			if w.set != before {
				t.Errorf("HTTP/%d, whole %v: a late read set a deadline", protocol, whole)
			}
		}
	}
	newUpload(httptest.NewRequest(http.MethodGet, "/", nil), nil, 0).discard(0) // no body
}
