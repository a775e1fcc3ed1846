// Package inprocess measures what Sallyport does with a request apart from
// receiving and sending it: which accesses it amounts to, and the whole check.
package inprocess

import (
	"bufio"
	"bytes"
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/sallyport-iam/sallyport/action"
	"github.com/sallyport-iam/sallyport/bench/fleet"
	"github.com/sallyport-iam/sallyport/wire"
	"github.com/sallyport-iam/sallyport/wire/nethttp"
)

// now is when everything is signed and checked.
var now = time.Now().UTC().Truncate(time.Second)

// host is the authority that requests are for.
const host = "localhost"

// signed is a request of user 0 as a door has it, with further fields that are
// not signed.
func signed(r fleet.Request, fields ...string) (*wire.Request, error) {
	return signedBy(0, r, fields...)
}

// signedBy is a request of a user.
func signedBy(user int, r fleet.Request, fields ...string) (*wire.Request, error) {
	return signedWith(fleet.User(user), r, fields...)
}

// signedWith is a request that is signed with a key.
func signedWith(key fleet.Key, r fleet.Request, fields ...string) (*wire.Request, error) {
	head, err := fleet.Sign(r, host, key, now)
	if err != nil {
		return nil, err
	}
	text := strings.TrimSuffix(string(head), "\r\n")
	for _, f := range fields {
		text += f + "\r\n"
	}
	in, err := http.ReadRequest(bufio.NewReader(strings.NewReader(text + "\r\n")))
	if err != nil {
		return nil, err
	}
	req, refusal := nethttp.Request(in, "http", netip.MustParseAddrPort("127.0.0.1:50000"))
	if refusal != nil {
		return nil, refusal
	}
	return req, nil
}

// place is where a route puts requests.
func place() action.Place {
	return action.Place{
		Route: "main", Partition: "aws", Region: fleet.Region, Caller: fleet.Account, Now: now,
		Owner: func(string, string) (string, bool) { return fleet.Account, true },
	}
}

// manyKeys is the body that deletes some objects.
func manyKeys(count int) []byte {
	var b bytes.Buffer
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?><Delete xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Quiet>true</Quiet>`)
	for i := range count {
		fmt.Fprintf(&b, "<Object><Key>home/u0/2026/07/01/part-%05d.parquet</Key></Object>", i)
	}
	b.WriteString("</Delete>")
	return b.Bytes()
}
