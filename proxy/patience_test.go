package proxy_test

import (
	"crypto/md5"
	"encoding/base64"
	"io"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sallyport-iam/sallyport/wire"
)

// TestTheUnknownThatTrickle: who is not known holds memory for what is read before it
// is decided for half a minute at most, a byte now and then or not. The file of a form
// and the bodies of the known may take their time.
func TestTheUnknownThatTrickle(t *testing.T) {
	t.Parallel()
	const entries = `<Delete><Object><Key>inbox/a</Key></Object></Delete>`
	sum := md5.Sum([]byte(entries))
	upload := func(user string) func(*testing.T) *wire.Request {
		return form{fields: []wire.Field{field("key", "inbox/a")}, content: strings.Repeat("x", 40)}.requestBy(user)
	}
	remove := func(user string) func(*testing.T) *wire.Request {
		return func(t *testing.T) *wire.Request {
			return request(t, user, "POST", "localhost", "/reports?delete", entries, field("content-md5", base64.StdEncoding.EncodeToString(sum[:])))
		}
	}
	for _, tt := range []struct {
		name string
		make func(*testing.T) *wire.Request
		from string // where in the body it begins to trickle
		slow bool   // too slow
	}{
		{"the fields of a form", upload(""), "", true},
		{"the fields of a signed form", upload("alice"), "", true},
		{"the file of a form", upload(""), "xxx", false},
		{"the file of a signed form", upload("alice"), "xxx", false},
		{"a list of objects", remove(""), "", true},
		{"a list of objects, signed", remove("alice"), "", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			var passed atomic.Int64
			b.enforcer.Now = func() time.Time { return clock.Add(time.Duration(passed.Load())) }
			req := tt.make(t)
			text, err := io.ReadAll(req.Body)
			if err != nil {
				t.Fatal(err)
			}
			quick, slow := 0, string(text)
			if tt.from != "" {
				quick = strings.Index(slow, tt.from)
			}
			req.Body = io.NopCloser(io.MultiReader(strings.NewReader(slow[:quick]), &trickle{strings.NewReader(slow[quick:]), func() { passed.Add(int64(2 * time.Second)) }}))
			got := b.serve(req)
			if late := strings.Contains(got.body, "took too long to come"); late != tt.slow || late != (got.status == 400) {
				t.Errorf("%d %s", got.status, got.body)
			}
			if took := time.Duration(passed.Load()); tt.slow && took > 32*time.Second {
				t.Errorf("held for %s", took)
			}
			if used := b.enforcer.Budget.Used(); used != 0 {
				t.Errorf("%d bytes are still reserved", used)
			}
		})
	}
}

func (f form) requestBy(user string) func(*testing.T) *wire.Request {
	return func(t *testing.T) *wire.Request { return f.by(t, user) }
}
