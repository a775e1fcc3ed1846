package sigv4_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/hex"
	mathbig "math/big"
	"strings"
	"testing"

	"github.com/sallyport-iam/sallyport/wire"
)

const (
	algorithmV4A   = "AWS4-ECDSA-P256-SHA256"
	plainSignedV4A = "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD"
	listV4A        = "host;x-amz-content-sha256;x-amz-date;x-amz-region-set"
)

// privateKeyV4A derives the key pair of an access key as AWS documents it, with
// math/big.
func privateKeyV4A(id, sec string) *ecdsa.PrivateKey {
	n := elliptic.P256().Params().N
	last := new(mathbig.Int).Sub(n, mathbig.NewInt(2))
	for counter := 1; counter <= 254; counter++ {
		k := new(mathbig.Int).SetBytes(mac([]byte("AWS4A"+sec), "\x00\x00\x00\x01"+algorithmV4A+"\x00"+id+string([]byte{byte(counter)})+"\x00\x00\x01\x00"))
		if k.Cmp(last) <= 0 {
			return privateKey(k.Add(k, mathbig.NewInt(1)))
		}
	}
	panic("no key")
}

func privateKey(d *mathbig.Int) *ecdsa.PrivateKey {
	key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), d.FillBytes(make([]byte, 32)))
	if err != nil {
		panic(err)
	}
	return key
}

// derOf is a signature in DER, the same for the same text (RFC 6979).
func derOf(key *ecdsa.PrivateKey, text string) []byte {
	digest := sha256.Sum256([]byte(text))
	der, err := key.Sign(nil, digest[:], crypto.SHA256)
	if err != nil {
		panic(err)
	}
	return der
}

var exampleKeyV4A = privateKeyV4A(exampleID, exampleSecret)

// exampleChainV4A signs with SigV4A.
func exampleChainV4A() *chunkChain {
	return &chunkChain{
		algorithm: algorithmV4A, timestamp: exampleTime, scope: "20130524/s3/aws4_request",
		sign:   func(text string) string { return hex.EncodeToString(derOf(exampleKeyV4A, text)) },
		length: 144,
	}
}

// requestV4A is a header-signed GET.
func requestV4A(t testing.TB, target, regions string, fields ...string) *wire.Request {
	t.Helper()
	req := newRequest(t, "GET", exampleHost, target, "", append(fields,
		"x-amz-content-sha256", emptyHash, "x-amz-date", exampleTime, "x-amz-region-set", regions)...)
	list := listV4A
	for i := 0; i < len(fields); i += 2 {
		list = strings.Replace(list, "x-amz-region-set", fields[i]+";x-amz-region-set", 1)
	}
	signAs(t, req, list, exampleChainV4A())
	return req
}

// presignV4A is a presigned GET; more are parameters that are signed too.
func presignV4A(t testing.TB, more string, fields ...string) *wire.Request {
	t.Helper()
	list := "host"
	for i := 0; i < len(fields); i += 2 {
		list += "%3B" + fields[i]
	}
	req := newRequest(t, "GET", exampleHost, "/test.txt?X-Amz-Algorithm="+algorithmV4A+"&X-Amz-Credential="+exampleID+
		"%2F20130524%2Fs3%2Faws4_request&X-Amz-Date="+exampleTime+"&X-Amz-Expires=86400&X-Amz-SignedHeaders="+list+more+
		"&X-Amz-Signature="+zeroSignature, "", fields...)
	signature := exampleChainV4A().sign(shownToSign(t, req))
	replace(t, zeroSignature, signature)(req)
	return req
}
