package proxy_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/sallyport-iam/sallyport/proxy"
	"github.com/sallyport-iam/sallyport/wire"
)

var corsRules = proxy.CORS{
	{Origins: []string{"https://app.example.com", "https://*.dev.example.com"}, Methods: []string{"GET", "PUT"}, Headers: []string{"content-type", "X-Amz-*"}, Expose: []string{"ETag"}, MaxAge: time.Hour},
	{Origins: []string{"null"}, Methods: []string{"HEAD"}},
	{Origins: []string{"*"}, Methods: []string{"GET"}},
}

// answerFields are the fields about other origins that an answer has, as text.
func answerFields(fields wire.Fields) string {
	var list []string
	for _, name := range []string{
		"access-control-allow-origin", "access-control-allow-credentials", "access-control-allow-methods",
		"access-control-allow-headers", "access-control-expose-headers", "access-control-max-age",
	} {
		if value, ok := fields.Lookup(name); ok {
			list = append(list, strings.TrimPrefix(name, "access-control-")+"="+value)
		}
	}
	return strings.Join(list, " ")
}

func TestServePreflights(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, origin, method, headers string
		status                        int
		want                          string
	}{
		{"by name", "https://app.example.com", "PUT", "Content-Type, x-amz-date,x-amz-content-sha256", 200,
			"allow-origin=https://app.example.com allow-credentials=true allow-methods=GET, PUT allow-headers=content-type, x-amz-date, x-amz-content-sha256 expose-headers=ETag max-age=3600"},
		{"by pattern", "https://a.b.dev.example.com", "GET", "", 200,
			"allow-origin=https://a.b.dev.example.com allow-credentials=true allow-methods=GET, PUT expose-headers=ETag max-age=3600"},
		{"by the second rule", "https://evil.example", "GET", "", 200, "allow-origin=* allow-methods=GET"},
		{"pattern alone is not enough", "https://.dev.example.com.evil.example", "PUT", "", 403, ""},
		{"too short for a pattern", "https://dev.example.com", "PUT", "", 403, ""},
		{"another scheme", "http://app.example.com", "PUT", "", 403, ""},
		{"another method", "https://app.example.com", "DELETE", "", 403, ""},
		{"a method in another case", "https://app.example.com", "put", "", 403, ""},
		{"another header", "https://app.example.com", "PUT", "content-type, authorization", 403, ""},
		{"an empty origin", "", "GET", "", 403, ""},
		{"null", "null", "PUT", "", 403, ""},
		{"null by name", "null", "HEAD", "", 200, "allow-origin=null allow-methods=HEAD"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.route.CORS = corsRules
			fields := []wire.Field{{Name: "origin", Value: tt.origin}, {Name: "access-control-request-method", Value: tt.method}}
			if tt.headers != "" {
				fields = append(fields, wire.Field{Name: "access-control-request-headers", Value: tt.headers})
			}
			got := b.serve(request(t, "", "OPTIONS", "localhost", "/reports/a", "", fields...))
			if got.status != tt.status || got.forwarded || answerFields(got.fields) != tt.want {
				t.Errorf("status %d, forwarded %t, %q, want %d and %q", got.status, got.forwarded, answerFields(got.fields), tt.status, tt.want)
			}
			if tt.status == 403 && !strings.Contains(got.body, "AccessForbidden") {
				t.Errorf("body %s", got.body)
			}
			if got.fields.Get("vary") == "" {
				t.Error("nothing tells caches what the answer depends on")
			}
		})
	}
}

// TestServePreflights_noAnswer: a door that cannot answer in the upstream's place
// does not let a preflight pass instead.
func TestServePreflights_noAnswer(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.route.CORS, b.door.Can.Answer = corsRules, false
	got := b.serve(request(t, "", "OPTIONS", "localhost", "/reports/a", "",
		wire.Field{Name: "origin", Value: "https://app.example.com"}, wire.Field{Name: "access-control-request-method", Value: "PUT"}))
	if got.status != 403 || got.forwarded || !strings.Contains(got.body, "AccessDenied") {
		t.Errorf("%+v", got)
	}
}

// TestServeOrigins puts the same into every other answer, denials too, and
// nothing of what the store says.
func TestServeOrigins(t *testing.T) {
	t.Parallel()
	const named = "allow-origin=https://app.example.com allow-credentials=true expose-headers=ETag"
	tests := []struct {
		name, user, method, target string
		origins                    []string
		status                     int
		want                       string
	}{
		{"allowed", "alice", "GET", "/reports/a", []string{"https://app.example.com"}, 200, named},
		{"denied", "bob", "GET", "/reports/a", []string{"https://app.example.com"}, 403, named},
		{"malformed", "alice", "GET", "/reports/a?unknown", []string{"https://app.example.com"}, 501, named},
		{"anonymous", "", "GET", "/reports/open/a", []string{"https://evil.example"}, 200, "allow-origin=*"},
		{"a method without rule", "alice", "DELETE", "/reports/a", []string{"https://app.example.com"}, 200, ""},
		{"no origin", "alice", "GET", "/reports/a", nil, 200, ""},
		{"two origins", "alice", "GET", "/reports/a", []string{"https://app.example.com", "https://evil.example"}, 400, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.route.CORS = corsRules
			b.answer = func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Access-Control-Allow-Origin", "https://evil.example")
				w.Header().Set("Access-Control-Allow-Credentials", "true")
			}
			var fields []wire.Field
			for _, origin := range tt.origins {
				fields = append(fields, wire.Field{Name: "origin", Value: origin})
			}
			got := b.serve(request(t, tt.user, tt.method, "localhost", tt.target, "", fields...))
			if got.status != tt.status || answerFields(got.fields) != tt.want {
				t.Errorf("status %d and %q, want %d and %q: %s", got.status, answerFields(got.fields), tt.status, tt.want, got.body)
			}
		})
	}
}

// TestServePreflights_ambiguous refuses what has two readings.
func TestServePreflights_ambiguous(t *testing.T) {
	t.Parallel()
	for _, twice := range []string{"origin", "access-control-request-method", "access-control-request-headers"} {
		b := newBench(t)
		b.route.CORS = corsRules
		got := b.serve(request(t, "", "OPTIONS", "localhost", "/reports/a", "",
			wire.Field{Name: "origin", Value: "https://app.example.com"}, wire.Field{Name: "access-control-request-method", Value: "PUT"},
			wire.Field{Name: twice, Value: "GET"}, wire.Field{Name: twice, Value: "GET"}))
		if got.status != 400 || got.forwarded || answerFields(got.fields) != "" {
			t.Errorf("%s twice: %+v", twice, got)
		}
	}
}

// TestServeWithoutRules leaves to the store what pages of other origins may do,
// and refuses preflights.
func TestServeWithoutRules(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.answer = func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Access-Control-Allow-Origin", "https://app.example.com")
	}
	origin := wire.Field{Name: "origin", Value: "https://app.example.com"}
	if got := b.serve(request(t, "alice", "GET", "localhost", "/reports/a", "", origin)); answerFields(got.fields) != "allow-origin=https://app.example.com" {
		t.Errorf("%+v", got)
	}
	got := b.serve(request(t, "", "OPTIONS", "localhost", "/reports/a", "", origin, wire.Field{Name: "access-control-request-method", Value: "GET"}))
	if got.status != 403 || got.forwarded || !strings.Contains(got.body, "AccessForbidden") {
		t.Errorf("%+v", got)
	}
}
