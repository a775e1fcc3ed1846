package oidc_test

import (
	"bytes"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/sallyport-iam/sallyport/oidc"
)

// TestMuseum_28_nothingOfTokensIsTold: statistics, status and log tell of keys and
// failures, and nothing of a token.
func TestMuseum_28_nothingOfTokensIsTold(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		idp := newIDP(t, public("one", rsaKey()))
		var log bytes.Buffer
		logger := zap.New(zapcore.NewCore(zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig()), zapcore.Lock(zapcore.AddSync(&log)), zap.DebugLevel))
		v, p := oidc.New(oidc.Options{Lookup: idp.lookup, Dial: idp.dial, Log: logger}), idp.provider()
		t.Cleanup(v.Close)
		v.Use([]*oidc.Provider{p, offline(public("two", p256()))})
		synctest.Wait()
		tokens := []string{
			fresh("one", rsaKey()), "no token", fresh("one", otherRSA()),
			sign(rsaKey(), header("RS256", "one"), claims(map[string]any{"iat": time.Now().Unix() - 9, "exp": time.Now().Unix() - 1})),
			sign(rsaKey(), header("RS256", "one"), claims(map[string]any{"iat": time.Now().Unix() + 900, "exp": time.Now().Unix() + 999})),
		}
		for _, token := range tokens {
			_, _, _ = v.Verify(t.Context(), p, token, time.Now())
		}
		idp.serve("/keys", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
		time.Sleep(11 * time.Second)
		tokens = append(tokens, fresh("new", rsaKey()))
		_, kind, _ := verify(t, v, p, tokens[5])
		synctest.Wait()
		s := v.Stats()
		if kind != "unreachable" || s.Accepted != 1 || s.Refused != [5]uint64{1, 1, 1, 1, 1} || s.Fetches != 2 || s.FailedFetches != 1 {
			t.Errorf("%s, %+v", kind, s)
		}
		status := v.Status()
		if len(status) != 2 || status[0].Offline == status[1].Offline || status[0].Keys != 1 || status[1].Keys != 1 {
			t.Errorf("%+v", status)
		}
		v.Close()
		for _, want := range []string{`"keys":1`, "418", issuer} {
			if !strings.Contains(log.String(), want) {
				t.Errorf("no %s in the log:\n%s", want, log.String())
			}
		}
		for _, token := range tokens {
			for part := range strings.SplitSeq(token, ".") {
				if strings.Contains(log.String(), part) {
					t.Errorf("the log has %s", part)
				}
			}
		}
	})
}
