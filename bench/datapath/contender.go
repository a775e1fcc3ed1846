// Package datapath measures what it costs a request, and the bytes of an
// object, to pass a proxy: Sallyport with all its checks beside proxies that
// check nothing.
package datapath

import (
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"time"

	"github.com/sallyport-iam/sallyport/bench/fleet"
)

// The names of those that others are compared with.
const (
	direct       = "the store, directly"
	nginx        = "nginx"
	nginxAsking  = "nginx, no-op `auth_request`"
	reverseProxy = "bare `ReverseProxy`"
	relay        = "relay, no check"
	sallyport    = "Sallyport"
	envoy        = "Envoy"
	envoyAsking  = "Envoy, no-op `ext_authz`"
)

// few is how many users there are where their number does not matter.
const few = 10

// contender is one way to the store.
type contender struct {
	name, address string
	// key signs for user i of users.
	key   func(i int) fleet.Key
	users int
	// pid is the process whose time and memory are its cost; 0 if it has none.
	pid int
}

func storeKey(int) fleet.Key { return fleet.StoreKey }

// contenders starts what stands before a store.
func contenders(ctx context.Context, f *fleet.Fleet, name, storeAddress, leave string, stream bool) ([]contender, error) {
	front, err := f.Nginx(ctx, name, storeAddress, leave, stream)
	if err != nil {
		return nil, err
	}
	bare, err := f.Peer(ctx, "reverseproxy", "-to", "http://"+storeAddress)
	if err != nil {
		return nil, err
	}
	own, err := f.Sallyport(ctx, "sallyport-"+name, storeAddress, few)
	if err != nil {
		return nil, err
	}
	return []contender{
		{direct, storeAddress, storeKey, few, 0},
		{nginx, front.Addresses[0], storeKey, few, front.PID()},
		{nginxAsking, front.Addresses[1], storeKey, few, front.PID()},
		{reverseProxy, bare.Addresses[0], storeKey, few, bare.PID()},
		{sallyport, own.Address, fleet.User, few, own.PID()},
	}, nil
}

// envoys are an Envoy with one worker before a store, alone and asking a server
// that allows everything; none where there is no Envoy.
func envoys(ctx context.Context, f *fleet.Fleet, name, storeAddress string) ([]contender, error) {
	if !fleet.HasEnvoy() {
		return nil, nil
	}
	folder, err := f.Folder("noop-" + name)
	if err != nil {
		return nil, err
	}
	noop, err := f.Peer(ctx, "extauthz", "-socket", filepath.Join(folder, "socket"))
	if err != nil {
		return nil, err
	}
	const workers = 1
	e, err := f.Envoy(ctx, name, storeAddress, workers, []fleet.Asked{{}, {Address: noop.Addresses[0]}})
	if err != nil {
		return nil, err
	}
	return []contender{
		{envoy, e.Addresses[0], storeKey, few, e.PID()},
		{envoyAsking, e.Addresses[1], storeKey, few, e.PID()},
	}, nil
}

// fill makes the bucket and the small objects in a store.
func fill(ctx context.Context, address string) error {
	requests := []fleet.Request{{Method: http.MethodPut, Path: "/" + fleet.Bucket, Hash: fleet.EmptyHash}}
	for i := range objects {
		requests = append(requests, fleet.Request{
			Method: http.MethodPut, Path: object(i, few), Hash: fleet.UnsignedPayload, Size: fleet.ObjectSize,
		})
	}
	for i, r := range requests {
		head, err := fleet.Sign(r, address, fleet.StoreKey, time.Now())
		if err != nil {
			return err
		}
		if i > 0 {
			head = append(head, fleet.Object...)
		}
		if status, answer, err := fleet.Exchange(ctx, address, head); err != nil || status != http.StatusOK {
			return fmt.Errorf("%s %s: %d %s: %w", r.Method, r.Path, status, answer, err)
		}
	}
	return nil
}

// objects is how many small objects there are.
const objects = 640

// object is the path of object i, which belongs to one of some users.
func object(i, users int) string { return fmt.Sprintf("%sobject-%d", fleet.Home(i%users), i) }

// closed checks that Sallyport refuses what it must: before it is timed, it is
// to be known that it checks.
func closed(ctx context.Context, c *contender) error {
	const other = 1
	for _, test := range []struct {
		what, path, want string
		key              fleet.Key
	}{
		{"another user's object", object(0, few), "<Code>AccessDenied</Code>", c.key(other)},
		{"a wrong secret", object(0, few), "<Code>SignatureDoesNotMatch</Code>", fleet.Key{AccessKeyID: c.key(0).AccessKeyID, SecretAccessKey: "wrong"}},
		{"an unknown key", object(0, few), "<Code>InvalidAccessKeyId</Code>", fleet.StoreKey},
	} {
		head, err := fleet.Sign(fleet.Request{Method: http.MethodGet, Path: test.path, Hash: fleet.EmptyHash}, c.address, test.key, time.Now())
		if err != nil {
			return err
		}
		status, answer, err := fleet.Exchange(ctx, c.address, head)
		if err != nil || status != http.StatusForbidden || !strings.Contains(answer, test.want) {
			return fmt.Errorf("%s lets pass %s: %d %s (%w)", c.name, test.what, status, answer, err)
		}
	}
	return nil
}
