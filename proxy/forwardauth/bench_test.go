package forwardauth_test

import (
	"bufio"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/sallyport-iam/sallyport/audit"
	"github.com/sallyport-iam/sallyport/proxy"
	"github.com/sallyport-iam/sallyport/proxy/forwardauth"
)

// BenchmarkQuestion is a whole check, from a parsed question to the answer.
func BenchmarkQuestion(b *testing.B) {
	for _, dialect := range everyone {
		b.Run(string(dialect), func(b *testing.B) {
			w := open(b, dialect, func(_ *forwardauth.Options, o *proxy.Options) { o.Audit = audit.New(audit.Options{}) })
			r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(w.about(true, "GET", "/reports/a").String())))
			if err != nil {
				b.Fatal(err)
			}
			r.RemoteAddr = "127.0.0.1:50000"
			b.ReportAllocs()
			for b.Loop() {
				answer := httptest.NewRecorder()
				if w.door.ServeHTTP(answer, r); answer.Code != http.StatusOK {
					b.Fatal(answer.Code)
				}
			}
		})
	}
}
