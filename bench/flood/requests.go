package flood

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/sallyport-iam/sallyport/bench/fleet"
)

const (
	users = 10
	// objects is how many different requests there are of a kind.
	objects = 640
)

// kind is a kind of requests.
type kind struct {
	name string
	// code is the error that each is answered with, or a part of nginx's answer; empty
	// if it is allowed.
	code string
	// key signs for a user.
	key func(user int) fleet.Key
	// owner is whose object a user asks for.
	owner func(user int) int
	// change is done to a request that has been signed; nil is nothing.
	change func(head []byte) []byte
}

// The kinds by which others are judged.
const (
	allowed       = "allowed"
	allowedClosed = "allowed, over a connection of its own"
)

// twoHosts are requests that are no valid HTTP: each ends its connection.
const twoHosts = "two `Host` fields"

// kinds are allowed requests, and all that are refused; quick takes a few.
func kinds(quick bool) []kind {
	all := allKinds()
	if quick {
		return all[:4]
	}
	return all
}

func allKinds() []kind {
	themselves := func(user int) int { return user }
	next := func(user int) int { return (user + 1) % users }
	wrong := func(user int) fleet.Key {
		return fleet.Key{AccessKeyID: fleet.User(user).AccessKeyID, SecretAccessKey: "wrong"}
	}
	unknown := func(user int) fleet.Key {
		return fleet.Key{AccessKeyID: fmt.Sprintf("AKIAUNKNOWN%09d", user), SecretAccessKey: "unknown"}
	}
	return []kind{
		{allowed, "", fleet.User, themselves, nil},
		{"denied", "AccessDenied", fleet.User, next, nil},
		{"bad signature", "SignatureDoesNotMatch", wrong, themselves, nil},
		{"unknown key", "InvalidAccessKeyId", unknown, themselves, nil},
		{"malformed `Authorization`", "AuthorizationHeaderMalformed", fleet.User, themselves, replaced("Signature=", "Signatur=")},
		{"malformed path", "InvalidURI", fleet.User, themselves, replaced("GET /", "GET /%zz")},
		{allowedClosed, "", fleet.User, themselves, replaced("Host:", "Connection: close\r\nHost:")},
		{twoHosts, "InvalidRequest", fleet.User, themselves, replaced("Host:", "Host: other\r\nHost:")},
	}
}

// nginxKinds are requests that nginx lets pass when it has asked, such that it
// refuses as the least it can do, and such that end their connections there, too.
func nginxKinds() []kind {
	key := func(int) fleet.Key { return fleet.StoreKey }
	owner := func(user int) int { return user }
	return []kind{
		{allowed, "", key, owner, nil},
		{"`return 403`", "403 Forbidden", key, owner, func(head []byte) []byte {
			return append([]byte("GET "+fleet.Refused+" HTTP/1.1\r\n"), head[bytes.IndexByte(head, '\n')+1:]...)
		}},
		{twoHosts, "400 Bad Request", key, owner, replaced("Host:", "Host: other\r\nHost:")},
	}
}

// replaced replaces the first of a text in a head.
func replaced(before, after string) func(head []byte) []byte {
	return func(head []byte) []byte { return bytes.Replace(head, []byte(before), []byte(after), 1) }
}

// requests are those of a kind, as they go over the wire to an address.
func (k *kind) requests(address string) ([][]byte, error) {
	list, now := make([][]byte, objects), time.Now()
	for i := range list {
		user := i % users
		head, err := fleet.Sign(fleet.Request{
			Method: http.MethodGet, Path: fmt.Sprintf("%sobject-%d", fleet.Home(k.owner(user)), i), Hash: fleet.EmptyHash,
		}, address, k.key(user), now)
		if err != nil {
			return nil, err
		}
		if k.change != nil {
			head = k.change(head)
		}
		list[i] = head
	}
	return list, nil
}

// answered checks that a request of the kind is answered as it must be.
func (k *kind) answered(ctx context.Context, address string, request []byte) error {
	status, text, err := fleet.Exchange(ctx, address, request)
	if err != nil {
		return fmt.Errorf("%s: %w", k.name, err)
	}
	if k.code == "" && (status != http.StatusOK || text != fleet.Object) ||
		k.code != "" && (status < http.StatusBadRequest || !strings.Contains(text, ">"+k.code+"<")) {
		return fmt.Errorf("%s: answered %d %s", k.name, status, text)
	}
	return nil
}
