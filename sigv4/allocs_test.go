//go:build !race

package sigv4_test

import (
	"testing"

	"github.com/sallyport-iam/sallyport/sigv4"
	"github.com/sallyport-iam/sallyport/wire"
)

// The race detector makes pools forget, so allocations are counted without it.

func TestAllocations(t *testing.T) {
	verifier, signer := sigv4.NewVerifier(sigv4.Options{}), sigv4.NewSigner()
	header, presigned := clientRequest(t), vectors()[4].request(t)
	template, out := header.Fields, clone(header)
	p, into := s3Params(exampleNow), sigv4.Verified{}
	tests := []struct {
		name string
		most float64
		run  func()
	}{
		{"recognise", 0, func() { _, _ = sigv4.Recognise(header) }},
		{"read the service claimed in a header", 0, func() { _ = sigv4.ClaimedService(header) }},
		{"read the service claimed in a presigned request", 0, func() { _ = sigv4.ClaimedService(presigned) }},
		{"verify a header", 1, func() { _, _ = verifier.Verify(header, p) }},
		{"verify a presigned request", 1, func() { _, _ = verifier.Verify(presigned, p) }},
		{"verify a header into memory that is there", 0, func() { _, _ = verifier.VerifyInto(&into, header, p) }},
		{"sign", 2, func() {
			out.Fields = append(make(wire.Fields, 0, len(template)+8), template...)
			signer.Sign(out, exampleCredentials, "s3", "us-east-1", emptyHash, exampleNow)
		}},
	}
	for _, tt := range tests {
		if got := testing.AllocsPerRun(200, tt.run); got > tt.most {
			t.Errorf("%s: %v allocations, want at most %v", tt.name, got, tt.most)
		}
	}
}
