//go:build unix

package e2e_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// operation is what a client is told to do with a key.
type operation string

const (
	putKey     operation = "put"     // text is the object
	getKey     operation = "get"     // answers the object
	headKey    operation = "head"    // answers its length
	listKey    operation = "list"    // answers a JSON array of the keys with this prefix
	deleteKey  operation = "delete"  //
	presignKey operation = "presign" // answers a URL to get the object with
)

// client does operations in one bucket. An error holds what the client told its
// user.
type client func(op operation, key, text string) (answer string, err error)

// user is a client program with its default settings.
type user struct {
	name string
	// start starts the client, as place's user; env is what it needs to trust
	// the door.
	start func(t testing.TB, c tool, bucket string) client
	// clear and tls are the values of x-amz-content-sha256 that it puts objects
	// with over HTTP and over TLS; "hash" is one of the body. A client without
	// one for TLS is not tried there.
	clear, tls string
	// presigns: it makes URLs signed with version 4.
	presigns bool
	// sends are the keys that it makes others of.
	sends map[string]string
	// mute are operations of which it does not tell why they were refused, because
	// it asks with HEAD or lists first, or which it cannot do with a key.
	mute func(op operation, key string) bool
}

// TestClients puts, gets, lists and deletes odd keys with each client, with its
// default settings: what the client signs is what Sallyport verifies, and the
// store has an object of exactly that name.
func TestClients(t *testing.T) {
	t.Parallel()
	for i := range users {
		u := &users[i]
		for name, door := range pythonDoors(t) {
			payload := u.clear
			if name == "tls" {
				payload = u.tls
			}
			if payload == "" {
				continue
			}
			t.Run(u.name+"/"+name, func(t *testing.T) {
				t.Parallel()
				bucket := bucket(t)
				relay := newRelay(t, door.place.endpoint)
				door.place.endpoint, door.dir = relay.endpoint, t.TempDir()
				do := u.start(t, door, bucket)
				for _, key := range plainKeys() {
					u.keep(t, do, bucket, key)
				}
				if got := relay.payloads(); !slices.Equal(got, []string{payload}) {
					t.Errorf("objects were put with x-amz-content-sha256 %q, want %q", got, payload)
				}
			})
		}
	}
}

// keep does everything with one key.
func (u *user) keep(t *testing.T, do client, bucket, key string) {
	text := "I am " + key
	act := func(op operation) string {
		t.Helper()
		answer, err := do(op, key, text)
		if err != nil {
			t.Errorf("%s %q: %v", op, key, err)
		}
		return answer
	}
	act(putKey)
	if got, ok := stored(t, bucket, key); !ok || got != text {
		t.Errorf("put %q: the store holds %q (there: %t)", key, got, ok)
		return
	}
	if got := act(getKey); got != text {
		t.Errorf("get %q brings %q", key, got)
	}
	if got := act(headKey); got != strconv.Itoa(len(text)) {
		t.Errorf("head %q says %s bytes, want %d", key, got, len(text))
	}
	var listed []string
	if err := json.Unmarshal([]byte(act(listKey)), &listed); err != nil || !slices.Contains(listed, key) {
		t.Errorf("list %q brings %q (%v)", key, listed, err)
	}
	if u.presigns {
		if link := act(presignKey); !strings.HasPrefix(link, "https:") {
			if response, body := follow(t, link); response.StatusCode != http.StatusOK || body != text {
				t.Errorf("presigned %q: %d %s", key, response.StatusCode, body)
			}
		}
	}
	act(deleteKey)
	if _, ok := stored(t, bucket, key); ok {
		t.Errorf("%q was deleted, and is there", key)
	}
}

// TestClientsRefusedKeys: keys that the store does not keep are refused with the
// reason; and where the store is said to keep them, what the client signed is
// verified, as a denial of exactly this key shows.
func TestClientsRefusedKeys(t *testing.T) {
	t.Parallel()
	needsSallyport(t)
	for i := range users {
		u := &users[i]
		t.Run(u.name, func(t *testing.T) {
			t.Parallel()
			bucket := bucket(t)
			strict := u.start(t, tool{place: at(admin), dir: t.TempDir()}, bucket)
			denied := u.start(t, tool{place: place{shared.exactEndpoint, shared.keys[limited]}, dir: t.TempDir()}, bucket)
			for _, key := range inexactKeys {
				if sent, ok := u.sends[key]; ok {
					if _, err := strict(putKey, key, "x"); err != nil {
						t.Errorf("put %q, which goes out as %q: %v", key, sent, err)
					} else if text, _ := stored(t, bucket, sent); text != "x" {
						t.Errorf("put %q: the store has no %q", key, sent)
					} else if _, err := strict(deleteKey, key, ""); err != nil {
						t.Errorf("delete %q, which goes out as %q: %v", key, sent, err)
					}
					continue
				}
				u.refused(t, strict, denied, bucket, key)
			}
		})
	}
}

// refused tries a key where it is refused, and where only the caller is.
func (u *user) refused(t *testing.T, strict, denied client, bucket, key string) {
	for _, op := range []operation{putKey, getKey, deleteKey, listKey} {
		if u.mute != nil && u.mute(op, key) {
			continue
		}
		if op != listKey {
			_, err := strict(op, key, "x")
			if err == nil || !strings.Contains(err.Error(), "does not keep keys exactly") {
				t.Errorf("%s %q: %v, want that the store does not keep such keys", op, key, err)
			}
		}
		_, err := denied(op, key, "x")
		if want := sentence(op, bucket, key); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s %q as one who may not: %v, want %s", op, key, err, want)
		}
	}
	if !u.presigns || u.mute != nil && u.mute(presignKey, key) {
		return
	}
	link, err := denied(presignKey, key, "")
	if err != nil {
		t.Errorf("presign %q: %v", key, err)
		return
	}
	if _, body := follow(t, link); !strings.Contains(unescapeXML(body), sentence(getKey, bucket, key)) {
		t.Errorf("presigned %q: %s", key, body)
	}
}

// sentence is a part of the denial of an operation on a key.
func sentence(op operation, bucket, key string) string {
	action := map[operation]string{putKey: "PutObject", getKey: "GetObject", deleteKey: "DeleteObject", listKey: "ListBucket"}[op]
	if op != listKey {
		bucket += "/" + key
	}
	return fmt.Sprintf("is not authorized to perform: s3:%s on resource: \"arn:aws:s3:::%s\"", action, bucket)
}

// follow gets a URL byte for byte.
func follow(t testing.TB, link string) (*http.Response, string) {
	t.Helper()
	rest := strings.TrimPrefix(link, "http://")
	host, target, _ := strings.Cut(rest, "/")
	return exchange(t, "http://"+host, "GET /"+target+" HTTP/1.1\r\nHost: "+host+"\r\nConnection: close\r\n\r\n")
}

// plainKeys are keys that every store keeps.
func plainKeys() []string {
	return []string{
		"plain", "deep/er/and/deeper", "dots...a/..a", "-dash",
		"a b", " leading", "two  spaces", "a+b", "a + b+", "a%2Fb", "a%20b", "%", "100%", "%E9%", "~a~/b~",
		"it's(a)!*b", "a=b&c=d?e#f;g:h@i,j$k", "?list-type=2", "a\"b<c>d", "[a]{b}|^`",
		"é", "e\u0301", "日本語/キー ひとつ", "🏰👩‍👩‍👧",
		strings.Repeat(strings.Repeat("x", 127)+"/", 7) + strings.Repeat("y", 128), // 1,024 bytes
		strings.Repeat(strings.Repeat("é", 63)+"+/", 8)[:1022] + "é",               // and of two bytes each
	}
}

// inexactKeys are keys that a store on a file system takes for others.
var inexactKeys = []string{
	"a//b", "/a", "a/../b", "../a", "..", "a/./b", "./a+b", "a/..", "trailing ", "a /b", "a\\b", "//%2F é/..//",
}
