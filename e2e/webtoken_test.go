//go:build unix

package e2e_test

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sallyport-iam/sallyport/e2e/issuer"
)

// TestTokens: a token that is wrong in one way is refused for that, exchanged or used
// by itself, and the same token without it is taken.
func TestTokens(t *testing.T) {
	t.Parallel()
	f := federate(t)
	put(t, f.bucket, "orders/a", "an order")
	good, key, now := serviceAccount(), cluster(), time.Now()
	stranger, err := issuer.NewKey("RS256")
	if err != nil {
		t.Fatal(err)
	}
	impostor := *stranger
	impostor.ID = key.ID
	curve, err := issuer.NewKey("ES256")
	if err != nil {
		t.Fatal(err)
	}
	curve.ID = key.ID
	token := key.Token(good)
	parts := strings.Split(token, ".")
	for name, tt := range map[string]struct {
		token, code string
		status      int // used by itself
	}{
		"as it should be":      {token, "", 200},
		"one audience, alone":  {key.Token(good.With("aud", "sts.amazonaws.com")), "", 200},
		"one among audiences":  {key.Token(good.With("aud", []string{"other", "sts.amazonaws.com"})), "", 200},
		"no nbf":               {key.Token(good.With("nbf", nil)), "", 200},
		"another issuer":       {key.Token(good.With("iss", "https://idp.example.com")), "InvalidIdentityToken", 403},
		"an issuer like it":    {key.Token(good.With("iss", clusterURL+"/")), "InvalidIdentityToken", 403},
		"no issuer":            {key.Token(good.With("iss", nil)), "InvalidIdentityToken", 403},
		"another audience":     {key.Token(good.With("aud", "other")), "InvalidIdentityToken", 403},
		"other audiences":      {key.Token(good.With("aud", []string{"other", "STS.amazonaws.com"})), "InvalidIdentityToken", 403},
		"no audience":          {key.Token(good.With("aud", nil)), "InvalidIdentityToken", 403},
		"an audience too many": {key.Token(good.With("azp", "other")), "InvalidIdentityToken", 403},
		"no subject":           {key.Token(good.With("sub", nil)), "InvalidIdentityToken", 403},
		"another subject":      {key.Token(good.With("sub", "system:serviceaccount:shop:billing")), "AccessDenied", 403},
		"alg none":             {key.Unsigned(good), "InvalidIdentityToken", 403},
		"HS256 by public key":  {key.Confused(good), "InvalidIdentityToken", 403},
		"no signature":         {parts[0] + "." + parts[1] + ".", "InvalidIdentityToken", 403},
		"a stranger's key":     {stranger.Token(good), "InvalidIdentityToken", 403},
		"a key of its name":    {impostor.Token(good), "InvalidIdentityToken", 403},
		"another kind of key":  {curve.Token(good), "InvalidIdentityToken", 403},
		"changed":              {parts[0] + "." + strings.Split(key.Token(good.With("sub", "system:serviceaccount:shop:x")), ".")[1] + "." + parts[2], "InvalidIdentityToken", 403},
		"expired":              {key.Token(good.With("exp", now.Add(-10*time.Minute).Unix())), "ExpiredTokenException", 403},
		"without an end":       {key.Token(good.With("exp", nil)), "InvalidIdentityToken", 403},
		"not yet valid":        {key.Token(good.With("nbf", now.Add(time.Hour).Unix(), "iat", now.Add(time.Hour).Unix(), "exp", now.Add(2*time.Hour).Unix())), "InvalidIdentityToken", 403},
		"no token at all":      {"none", "InvalidIdentityToken", 403},
		"two dots":             {"a.b.c", "InvalidIdentityToken", 403},
	} {
		_, err := f.exchangeToken(t.Context(), "orders", tt.token)
		if code(err) != tt.code || err != nil && strings.Contains(err.Error(), parts[1]) {
			t.Errorf("%s: %v, want %q", name, err, tt.code)
		}
		status, body := f.bearer(t, tt.token, "orders/a")
		if (status == 200) != (tt.status == 200) || status >= 500 || status == 200 && body != "an order" {
			t.Errorf("%s, by itself: %d %s", name, status, body)
		}
	}
	if status, body := f.bearer(t, token, "reports/a"); status != 403 || !strings.Contains(body, "assumed-role/orders/") {
		t.Errorf("what the role may not: %d %s", status, body)
	}
	if log := f.Log(); strings.Contains(log, parts[1]) || strings.Contains(log, parts[2]) {
		t.Error("a token is in the log")
	}
}

// TestTokensByTheSide: a bearer token is one way to say who one is, and no other may
// be beside it.
func TestTokensByTheSide(t *testing.T) {
	t.Parallel()
	f := federate(t)
	put(t, f.bucket, "orders/a", "an order")
	token := cluster().Token(serviceAccount())
	bearer := "Bearer " + token
	target := f.Endpoint + "/" + f.bucket + "/orders/a"
	for name, tt := range map[string]struct {
		url    string
		fields http.Header
		want   int
	}{
		"alone":                   {target, http.Header{"Authorization": {bearer}}, 200},
		"in lower case":           {target, http.Header{"Authorization": {"bearer " + token}}, 200},
		"with a signature beside": {target + "?X-Amz-Signature=x", http.Header{"Authorization": {bearer}}, 400},
		"twice":                   {target, http.Header{"Authorization": {bearer, bearer}}, 400},
		"with a session token":    {target, http.Header{"Authorization": {bearer}, "X-Amz-Security-Token": {"x"}}, 400},
		"in the query":            {target + "?access_token=" + token, nil, 501},
		"empty":                   {target, http.Header{"Authorization": {"Bearer "}}, 400},
	} {
		status, body := fetch(t, http.MethodGet, tt.url, nil, tt.fields)
		if (status == 200) != (tt.want == 200) || status == 500 {
			t.Errorf("%s: %d %s", name, status, body)
		}
	}
	// What the store is told names nobody by the token.
	status, body := fetch(t, http.MethodPut, f.Endpoint+"/"+f.bucket+"/orders/b", strings.NewReader("new"), http.Header{"Authorization": {bearer}, "Content-Length": {strconv.Itoa(3)}})
	if got, ok := stored(t, f.bucket, "orders/b"); status != 200 || !ok || got != "new" {
		t.Errorf("put by a bearer token: %d %s, stored %q", status, body, got)
	}
}

// TestBearerWithCurl reads an object as one does with curl.
func TestBearerWithCurl(t *testing.T) {
	t.Parallel()
	f := federate(t)
	put(t, f.bucket, "orders/a", "an order")
	path, err := lookPath("curl")
	if err != nil {
		skip(t, "no curl: "+err.Error())
	}
	c := tool{path: path, dir: t.TempDir()}
	url := f.Endpoint + "/" + f.bucket + "/orders/a"
	if got := c.run(t, "-sS", "--fail-with-body", "--oauth2-bearer", cluster().Token(serviceAccount()), url); got != "an order" {
		t.Errorf("curl brought %q", got)
	}
	if got, err := c.try(t.Context(), "-sS", "--fail-with-body", url); err == nil || !strings.Contains(got, "<Code>AccessDenied</Code>") {
		t.Errorf("without a token: %q, %v", got, err)
	}
}
