package session_test

import (
	"runtime"
	"strings"
	"testing"
	"time"
	"unsafe"

	"github.com/sallyport-iam/sallyport/session"
)

// TestTextsAreNotKept: of a request that had a token, a key or a code in it nothing
// is kept with what is remembered of those. It would be many times as much.
func TestTextsAreNotKept(t *testing.T) {
	t.Parallel()
	w := newWorld(t, bearerFiles.with(files{"keys.yaml": withDevice["keys.yaml"]}))
	v := newVerifier(t, w)
	issued := w.issue(aliceKey, appARN)
	for name, use := range map[string]func(in func(string) string) error{
		"a session token": func(in func(string) string) error {
			_, err := w.sessions.Open(w.snap, in(issued.AccessKeyID), in(issued.SessionToken.Reveal()), now)
			return err
		},
		"a bearer token": func(in func(string) string) error {
			_, err := w.bearerAt(v, in(bearerToken(t, 1, map[string]any{"amr": []string{"pwd"}})), now)
			return err
		},
		"a one-time code": func(in func(string) string) error {
			q := &session.TokenQuestion{SerialNumber: in(aliceMFA), TokenCode: in(code(now))}
			if _, r := w.sessions.IssueSessionToken(w.snap, w.user(aliceKey).caller, aliceKey, q, now); r != nil {
				return asError(r)
			}
			return nil
		},
	} {
		var gone []chan struct{}
		err := use(func(text string) string {
			message := strings.Repeat("-", 1<<10) + text
			released := make(chan struct{})
			runtime.AddCleanup(unsafe.StringData(message), func(released chan struct{}) { close(released) }, released)
			gone = append(gone, released)
			return message[1<<10:]
		})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for _, released := range gone {
			if !collected(released) {
				t.Errorf("%s: the text it stood in is still there", name)
			}
		}
	}
	runtime.KeepAlive(w)
}

// collected tells whether something is garbage, which is collected for it.
func collected(released chan struct{}) bool {
	for stop := time.Now().Add(20 * time.Second); time.Now().Before(stop); {
		runtime.GC()
		select {
		case <-released:
			return true
		case <-time.After(time.Millisecond):
		}
	}
	return false
}
