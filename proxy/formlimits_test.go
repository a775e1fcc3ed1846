package proxy_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/sallyport-iam/sallyport/action"
	"github.com/sallyport-iam/sallyport/action/s3"
	"github.com/sallyport-iam/sallyport/proxy"
	"github.com/sallyport-iam/sallyport/wire"
)

// TestServeFormFails: what a form says of the size of its file is known to hold
// before the file ends at the store, whether a size was announced or not.
func TestServeFormFails(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 200_000)
	tests := []struct {
		name   string
		form   form
		change func(*wire.Request)
		code   string
	}{
		{"too large", form{conditions: `, ["content-length-range", 0, 199999]`}, nil, "EntityTooLarge"},
		{"too small", form{conditions: `, ["content-length-range", 200001, 300000]`}, nil, "EntityTooSmall"},
		{"another checksum", form{fields: []wire.Field{field("content-md5", "1B2M2Y8AsgTpgAmY7PhCfg==")}}, nil, "BadDigest"},
		{"no end", form{}, func(r *wire.Request) { r.Body = io.NopCloser(io.LimitReader(r.Body, 150_000)) }, "MalformedPOSTRequest"},
		{"a field behind", form{}, func(r *wire.Request) {
			body, _ := io.ReadAll(r.Body)
			r.Body = io.NopCloser(strings.NewReader(strings.TrimSuffix(string(body), "--\r\n") + "\r\nContent-Disposition: form-data; name=\"acl\"\r\n\r\npublic-read\r\n--" + boundary + "--\r\n"))
		}, "MalformedPOSTRequest"},
	}
	for _, tt := range tests {
		for _, user := range []string{"alice", ""} {
			if user == "" && tt.form.conditions != "" {
				continue
			}
			b := newBench(t)
			tt.form.content = long
			f := tt.form
			f.fields = append([]wire.Field{field("key", "inbox/a")}, f.fields...)
			req := unannounced(f.by(t, user))
			if tt.change != nil {
				tt.change(req)
			}
			got := b.serve(req)
			if got.status != 400 || !strings.Contains(got.body, "<Code>"+tt.code+"</Code>") {
				t.Errorf("%s: %+v", tt.name, got)
			}
			for i, err := range b.ended() {
				if err == nil {
					t.Errorf("%s: the store got a whole request of %d bytes", tt.name, len(b.bodies[i]))
				}
			}
			if used := b.enforcer.Budget.Used(); used != 0 {
				t.Errorf("%s: %d bytes are still reserved", tt.name, used)
			}
		}
	}
}

// TestServeFormObjectLimit: the limit of objects is that of forms.
func TestServeFormObjectLimit(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.route.Mapper = s3.New(s3.Options{MaxObjectBytes: 3})
	for content, status := range map[string]int{"xxx": 204, "xxxx": 400} {
		for _, user := range []string{"alice", ""} {
			got := b.serve(form{fields: []wire.Field{field("key", "inbox/a")}, content: content}.by(t, user))
			if got.status != status || status == 400 && (got.forwarded || !strings.Contains(got.body, "<Code>EntityTooLarge</Code>")) {
				t.Errorf("%s by %q: %+v", content, user, got)
			}
		}
	}
}

// watched is a body that counts what was read of it.
type watched struct {
	io.Reader
	read int
}

func (w *watched) Read(p []byte) (int, error) {
	n, err := w.Reader.Read(p)
	w.read += n
	return n, err
}

// TestServeFormDeniedEarly: a form is denied before its file is read, beyond what
// came along with the fields.
func TestServeFormDeniedEarly(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for _, user := range []string{"bob", ""} {
		req := form{fields: []wire.Field{field("key", "a")}, content: strings.Repeat("x", 1<<20)}.by(t, user)
		body := &watched{Reader: req.Body}
		req.Body = body
		if got := b.serve(req); got.status != 403 || got.forwarded || body.read > 32<<10 {
			t.Errorf("%q: %+v after %d bytes", user, got, body.read)
		}
	}
}

func TestServeFormWeakDoors(t *testing.T) {
	t.Parallel()
	for name, can := range map[string]proxy.Capabilities{
		"no body":                    {RewriteBody: true, Response: true},
		"a body that stays the same": {Body: true, Response: true},
		"no answers":                 {Body: true, RewriteBody: true},
		"nothing":                    {},
	} {
		b := newBench(t)
		b.door.Can = can
		req := form{fields: []wire.Field{field("key", "a")}, content: "x"}.by(t, "alice")
		body := &watched{Reader: req.Body}
		req.Body = body
		if got := b.serve(req); got.status != 403 || got.forwarded || body.read != 0 {
			t.Errorf("%s: %+v", name, got)
		}
		if record := b.recorded(); !strings.Contains(record, "PostObject needs ") {
			t.Errorf("%s: recorded %s", name, record)
		}
	}
}

func TestServeFormBudget(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	upload := func(user string) reply {
		return b.serve(form{fields: []wire.Field{field("key", "inbox/a")}, content: "x"}.by(t, user))
	}
	b.enforcer.Budget = proxy.NewBudget(8 * (72<<10 - 1)) // an eighth is for the anonymous
	for _, user := range []string{"", "alice"} {
		if got := upload(user); got.status != 503 || got.forwarded || !strings.Contains(got.body, "<Code>SlowDown</Code>") {
			t.Errorf("%q: %+v", user, got)
		}
	}
	b.enforcer.Budget = proxy.NewBudget(8 * 72 << 10)
	// Somebody's form waits for its file at the store: once it is verified it
	// takes nothing of the anonymous share.
	entered, leave := make(chan struct{}), make(chan struct{})
	b.answer = func(http.ResponseWriter, *http.Request) { entered <- struct{}{}; <-leave }
	done := make(chan reply, 2)
	begin := func(user string) {
		go func() { done <- upload(user) }()
		select {
		case <-entered:
		case got := <-done:
			close(leave)
			t.Fatalf("%q: %+v", user, got)
		}
	}
	begin("alice")
	if used := b.enforcer.Budget.Used(); used != 72<<10 {
		t.Errorf("%d bytes are reserved", used)
	}
	begin("")
	close(leave)
	for range 2 {
		if got := <-done; got.status != 204 {
			t.Errorf("%+v", got)
		}
	}
	if used := b.enforcer.Budget.Used(); used != 0 {
		t.Errorf("%d bytes are still reserved", used)
	}
}

// TestServeFormOperations: a store gets no form that is not said to have
// PutObject.
func TestServeFormOperations(t *testing.T) {
	t.Parallel()
	for _, operations := range [][]string{{"PostObject"}, {"PutObject"}, {"PostObject", "PutObject"}} {
		b := newBench(t)
		b.route.Mapper = s3.New(s3.Options{Operations: operations})
		got := b.serve(form{fields: []wire.Field{field("key", "a")}, content: "x"}.by(t, "alice"))
		if both := len(operations) == 2; both != (got.status == 204) || both != got.forwarded || !both && got.status != 501 {
			t.Errorf("%v: %+v", operations, got)
		}
	}
}

// astray is a mapper whose rewrite of forms has a defect.
type astray struct {
	action.Mapper
	change func(*wire.Request)
}

func (m astray) Recognise(req *wire.Request, place action.Place) (action.Operation, *wire.Refusal) {
	op, refusal := m.Mapper.Recognise(req, place)
	if rewrite := op.FromForm; rewrite != nil {
		op.FromForm = func(req *wire.Request, place action.Place, bucket string, fields wire.Fields) (action.Upload, *wire.Refusal) {
			upload, refusal := rewrite(req, place, bucket, fields)
			m.change(upload.Request)
			return upload, refusal
		}
	}
	return op, refusal
}

// TestServeFormAstray: a form that becomes anything but the upload of its object
// is refused.
func TestServeFormAstray(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*wire.Request){
		"another key":       func(r *wire.Request) { r.Path += "b" },
		"another bucket":    func(r *wire.Request) { r.Path = "/untagged/a" },
		"the bucket":        func(r *wire.Request) { r.Path = "/reports" },
		"another operation": func(r *wire.Request) { r.Method = "DELETE" },
		"a copy":            func(r *wire.Request) { r.Fields.Add("x-amz-copy-source", "/reports/b") },
	} {
		b := newBench(t)
		b.route.Mapper = astray{s3.New(s3.Options{}), change}
		if got := b.serve(form{fields: []wire.Field{field("key", "a")}, content: "x"}.by(t, "alice")); got.status != 503 || got.forwarded {
			t.Errorf("%s: %+v", name, got)
		}
	}
}
