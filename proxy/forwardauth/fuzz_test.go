package forwardauth_test

import (
	"bufio"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// FuzzQuestion sends what may be a question to the doors of all dialects. What is
// allowed is what alice signed, or what anybody may read; everything else is a
// denial, and nothing panics or says more headers than it should.
func FuzzQuestion(f *testing.F) {
	const signed, everybody = "/reports/a%20b?versionId=1", "/reports/open/x"
	rigs := map[string]*rig{}
	for _, dialect := range everyone {
		w := open(f, dialect, nil)
		rigs[string(dialect)] = w
		f.Add(string(dialect), w.about(true, "GET", signed).String())
		f.Add(string(dialect), w.about(false, "GET", everybody).String())
		f.Add(string(dialect), w.about(true, "GET", signed, "X-Amz-Meta-A: 1", "Connection: close").String())
		body := w.about(true, "GET", signed, "Content-Length: 5")
		body.body = "hello"
		f.Add(string(dialect), body.String())
	}
	f.Fuzz(func(t *testing.T, dialect, raw string) {
		w := rigs[dialect]
		if w == nil {
			return
		}
		r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(raw)))
		if err != nil {
			return
		}
		r.RemoteAddr = "127.0.0.1:50000"
		// The server refuses such names and values before it asks the handler.
		for name, values := range r.Header {
			for _, value := range values {
				if strings.ContainsAny(name+value, "\x00\r\n") {
					return
				}
			}
		}
		answer := httptest.NewRecorder()
		w.door.ServeHTTP(answer, r)
		if r.RequestURI == "/-/healthy" {
			return
		}
		if answer.Code >= 400 {
			if answer.Header().Get("authorization") != "" {
				t.Fatalf("a denial is signed: %v", answer.Header())
			}
			return
		}
		if answer.Code != http.StatusOK {
			t.Fatalf("%d is neither a permission nor a denial", answer.Code)
		}
		method, target, host := r.Method, strings.TrimPrefix(r.RequestURI, "/authorize"), r.Host
		switch w.dialect {
		case nginx:
			method, target, host = r.Header.Get("X-Original-Method"), r.Header.Get("X-Original-Uri"), r.Header.Get("X-Original-Host")
		case caddy, traefik:
			method, target, host = r.Header.Get("X-Forwarded-Method"), r.Header.Get("X-Forwarded-Uri"), r.Header.Get("X-Forwarded-Host")
		}
		anybody := (method == "GET" || method == "HEAD") && strings.HasPrefix(target, "/reports/open/")
		path, _, _ := strings.Cut(target, "?")
		byAlice := method == "GET" && path == "/reports/a%20b" && (host == "localhost" || host == "localhost:80" || host == "localhost:443")
		if !anybody && !byAlice {
			t.Fatalf("%s %s of %s is allowed", method, target, host)
		}
		for name, values := range answer.Header() {
			for _, value := range values {
				if strings.ContainsAny(name+value, "\r\n") {
					t.Fatalf("%s: %q", name, value)
				}
			}
		}
	})
}
