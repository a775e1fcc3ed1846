//go:build unix

package e2e_test

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// TestTraefik: what Traefik does to requests, and what becomes of it.
func TestTraefik(t *testing.T) {
	t.Parallel()
	a := startAsker(t, "traefik", upstream(shared.store))
	bucket := bucket(t)
	put(t, bucket, "k", "text")
	user := a.at(admin)
	empty := func(method, target string, fields ...string) *message {
		return user.signed(t, method, target, emptyHash).with(fields...)
	}
	put := func(key, payload, body string) *message {
		return user.signed(t, "PUT", "/"+bucket+"/"+key, payload, "Content-Length: "+strconv.Itoa(len(body))).carrying(body)
	}
	most := strings.Repeat("x", a.most)
	tests := []struct {
		name   string
		m      *message
		status int
		code   string // in Sallyport's answer; none is Traefik's own
		stored string // a key that must be there, with "!" one that must not
	}{
		{"a body as great as may be", put("most", sum256(most), most), 200, "", "most"},
		{"the same, of which nothing is signed", put("unsigned", unsigned, most), 200, "", "unsigned"},
		{"a greater body", put("more", unsigned, most+"x"), 401, "", "!more"},
		{"a greater body that nobody announced", user.signed(t, "PUT", "/"+bucket+"/more", unsigned).with("Transfer-Encoding: chunked").carrying("800001\r\n" + most + "x\r\n0\r\n\r\n"), 401, "", "!more"},
		{"an empty body", empty("PUT", "/"+bucket+"/empty", "Content-Length: 0"), 200, "", "empty"},
		{"an empty body that nobody announced", empty("PUT", "/"+bucket+"/quiet"), 200, "", "quiet"},
		{"an empty body that is not signed", user.signed(t, "PUT", "/"+bucket+"/loose", unsigned).with("Content-Length: 0"), 411, "MissingContentLength", "!loose"},
		{"an empty body in chunks", empty("PUT", "/"+bucket+"/chunks", "Transfer-Encoding: chunked").carrying("0\r\n\r\n"), 500, "", "!chunks"},
		{"a body that was signed as empty", empty("PUT", "/"+bucket+"/lie", "Content-Length: 3").carrying("lie"), 400, "XAmzContentSHA256Mismatch", "!lie"},
		{"an escaped slash", empty("GET", "/"+bucket+"%2Fk"), 400, "InvalidBucketName", ""},
		{"an escape in small letters", empty("GET", "/"+bucket+"/%e2%82%ac"), 403, "SignatureDoesNotMatch", ""},
		{"an escape that need not be", empty("GET", "/"+bucket+"/%6B"), 403, "SignatureDoesNotMatch", ""},
		{"an escaped NUL", empty("GET", "/"+bucket+"/%00"), 400, "", ""},
		{"a semicolon in the query", empty("GET", "/"+bucket+"?prefix=a;acl"), 403, "SignatureDoesNotMatch", ""},
		{"an authorization of the connection", empty("GET", "/"+bucket+"/k", "Connection: Authorization"), 403, "AccessDenied", ""},
		{"a description of the connection", empty("GET", "/"+bucket+"/k", "Connection: X-Forwarded-Uri, X-Forwarded-Method, X-Forwarded-For"), 200, "", ""},
		{"a signed header of the connection", user.signed(t, "PUT", "/"+bucket+"/dropped", emptyHash, "X-Amz-Meta-A: 1").with("Connection: X-Amz-Meta-A"), 403, "SignatureDoesNotMatch", "!dropped"},
		{"a length of another's telling", put("told", unsigned, "told").with("X-Original-Content-Length: 0", "X-Forwarded-Content-Length: 0"), 200, "", "told"},
	}
	for _, tt := range tests {
		response, body := exchange(t, a.endpoint, tt.m.String())
		if response.StatusCode != tt.status || tt.code != "" && !strings.Contains(body, "<Code>"+tt.code+"</Code>") {
			t.Errorf("%s: %d %s", tt.name, response.StatusCode, body)
		}
		if key, not := strings.CutPrefix(tt.stored, "!"); key != "" {
			if _, there := stored(t, bucket, key); there == not {
				t.Errorf("%s: in the store: %t", tt.name, there)
			}
		}
	}
}

// TestTraefikAsStored: an object that is stored compressed is not decompressed on
// its way.
func TestTraefikAsStored(t *testing.T) {
	t.Parallel()
	a := startAsker(t, "traefik", upstream(shared.store))
	bucket := bucket(t)
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	if _, err := w.Write([]byte("text")); err != nil || w.Close() != nil {
		t.Fatal(err)
	}
	_, err := a.at(admin).client(t).PutObject(t.Context(), &s3.PutObjectInput{
		Bucket: &bucket, Key: aws.String("packed"), ContentEncoding: aws.String("gzip"), Body: bytes.NewReader(packed.Bytes()),
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, accepts := range [][]string{nil, {"Accept-Encoding: gzip"}, {"Accept-Encoding: identity"}} {
		response, body := exchange(t, a.endpoint, a.at(admin).signed(t, "GET", "/"+bucket+"/packed", emptyHash, accepts...).String())
		if response.StatusCode != http.StatusOK || body != packed.String() || response.Header.Get("Content-Encoding") != "gzip" {
			t.Errorf("%q: %d %v %q", accepts, response.StatusCode, response.Header, body)
		}
	}
}

// TestTraefikWithoutBodies: where bodies are not sent along, against what the
// example says, none is decided as empty that is not.
func TestTraefikWithoutBodies(t *testing.T) {
	t.Parallel()
	a := startEdited(t, "traefik", []edit{{"forwardBody: true", "forwardBody: false"}}, upstream(shared.store))
	bucket, another := bucket(t), "another-"+random(6)
	settings := "<CreateBucketConfiguration><Tags><Tag><Key>a</Key><Value>b</Value></Tag></Tags></CreateBucketConfiguration>"
	for name, m := range map[string]*message{
		"an object":                          a.at(admin).signed(t, "PUT", "/"+bucket+"/k", unsigned).with("Content-Length: 4").carrying("text"),
		"an object that is said to be empty": a.at(admin).signed(t, "PUT", "/"+bucket+"/k", emptyHash).with("Content-Length: 4").carrying("text"),
		"a bucket":                           a.at(admin).signed(t, "PUT", "/"+another, sum256(settings)).with("Content-Length: " + strconv.Itoa(len(settings))).carrying(settings),
		"a bucket that is said to be plain":  a.at(admin).signed(t, "PUT", "/"+another, emptyHash).with("Content-Length: " + strconv.Itoa(len(settings))).carrying(settings),
	} {
		if response, body := exchange(t, a.endpoint, m.String()); response.StatusCode < 400 {
			t.Errorf("%s: %d %s", name, response.StatusCode, body)
		}
	}
	if text, there := stored(t, bucket, "k"); there {
		t.Errorf("the store holds %q", text)
	}
	if _, err := shared.store.Client().HeadBucket(t.Context(), &s3.HeadBucketInput{Bucket: &another}); err == nil {
		t.Error("the store has the other bucket")
	}
}
