package sigv4_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/sallyport-iam/sallyport/secret"
	"github.com/sallyport-iam/sallyport/sigv4"
	"github.com/sallyport-iam/sallyport/wire"
)

// TestMuseum_01_algorithmConfusion: the algorithm is read once, from what
// carries the credentials, and nothing that is signed with one is verified with
// the other.
func TestMuseum_01_algorithmConfusion(t *testing.T) {
	t.Parallel()
	hmac, ecdsa := exampleChain(), exampleChainV4A()
	point, err := exampleKeyV4A.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	digest := func(text string) string { sum := sha256.Sum256([]byte(text)); return hex.EncodeToString(sum[:]) }
	// word is the algorithm that the field says, scope that of the credential;
	// sign makes the signature of what the verifier shows.
	tests := []struct {
		name, word, scope string
		sign              func(text string) string
		code              string
	}{
		{"HMAC", hmac.algorithm, hmac.scope, hmac.sign, ""},
		{"ECDSA", ecdsa.algorithm, ecdsa.scope, ecdsa.sign, ""},
		{"HMAC with the scope of ECDSA", hmac.algorithm, ecdsa.scope, hmac.sign, "AuthorizationHeaderMalformed"},
		{"ECDSA with the scope of HMAC", ecdsa.algorithm, hmac.scope, ecdsa.sign, "AuthorizationHeaderMalformed"},
		{"HMAC, signed with the private key", hmac.algorithm, hmac.scope, ecdsa.sign, "SignatureDoesNotMatch"},
		{"ECDSA, signed with HMAC", ecdsa.algorithm, ecdsa.scope, hmac.sign, "SignatureDoesNotMatch"},
		{"ECDSA, signed with HMAC, in DER", ecdsa.algorithm, ecdsa.scope, func(text string) string { return "3044" + "0220" + hmac.sign(text) + "0220" + hmac.sign(text) }, "SignatureDoesNotMatch"},
		{"HMAC with the public key", hmac.algorithm, hmac.scope, func(text string) string { return hex.EncodeToString(mac(point, text)) }, "SignatureDoesNotMatch"},
		{"ECDSA, HMAC with the public key", ecdsa.algorithm, ecdsa.scope, func(text string) string { return hex.EncodeToString(mac(point, text)) }, "SignatureDoesNotMatch"},
		{"HMAC, the hash itself", hmac.algorithm, hmac.scope, digest, "SignatureDoesNotMatch"},
		{"ECDSA, the hash itself", ecdsa.algorithm, ecdsa.scope, digest, "SignatureDoesNotMatch"},
		{"HMAC, signed as ECDSA's text", hmac.algorithm, hmac.scope, func(text string) string { return hmac.sign(strings.Replace(text, "HMAC", "ECDSA-P256", 1)) }, "SignatureDoesNotMatch"},
		{"ECDSA, signed as HMAC's text", ecdsa.algorithm, ecdsa.scope, func(text string) string { return ecdsa.sign(strings.Replace(text, "ECDSA-P256", "HMAC", 1)) }, "SignatureDoesNotMatch"},
		{"no algorithm", "AWS4-NONE", hmac.scope, func(string) string { return "" }, "InvalidArgument"},
		{"half an algorithm", "AWS4-ECDSA-P256", ecdsa.scope, ecdsa.sign, "InvalidArgument"},
	}
	for _, tt := range tests {
		// The region set is there always, so that nothing but the algorithm is
		// amiss.
		verifier := sigv4.NewVerifier(sigv4.Options{})
		req := newRequest(t, "GET", exampleHost, "/object", "", "x-amz-content-sha256", emptyHash, "x-amz-date", exampleTime, "x-amz-region-set", "us-east-1")
		verify := func(signature string) *wire.Refusal {
			req.Fields.Set("authorization", tt.word+" Credential="+exampleID+"/"+tt.scope+", SignedHeaders="+listV4A+", Signature="+signature)
			_, refusal := verifier.Verify(req, s3Params(exampleNow))
			explains(t, verifier, req, s3Params(exampleNow), refusal)
			return refusal
		}
		refusal := verify("00")
		if refusal != nil && refusal.Code == "SignatureDoesNotMatch" {
			refusal = verify(tt.sign(detail(refusal, "StringToSign")))
		}
		if tt.code == "" && refusal != nil || tt.code != "" && (refusal == nil || refusal.Code != tt.code) {
			t.Errorf("%s: %v, want %q", tt.name, refusal, tt.code)
		}
	}
}

// TestMuseum_01_otherKeysName: the remembered key of one access key id is not
// that of another whose id looks like its credential.
func TestMuseum_01_otherKeysName(t *testing.T) {
	t.Parallel()
	verifier := sigv4.NewVerifier(sigv4.Options{KeyCacheEntries: 1})
	p := s3Params(exampleNow)
	p.Keys = keys{"A": "one", "A/20130524/us-east-1/s3/aws4_request": "two", "A/" + algorithmV4A: "three", "A/20130524/us-east-1/s3": "four"}
	for range 2 {
		for id, sec := range p.Keys.(keys) {
			req := newRequest(t, "GET", exampleHost, "/object", "")
			sigv4.NewSigner().Sign(req, sigv4.Credentials{AccessKeyID: id, SecretAccessKey: secret.New(sec)}, "s3", "us-east-1", emptyHash, exampleNow)
			if v, refusal := verifier.Verify(req, p); refusal != nil || v.AccessKeyID != id {
				t.Errorf("HMAC of %s: %v", id, refusal)
			}
			req = newRequest(t, "GET", exampleHost, "/object", "", "x-amz-content-sha256", emptyHash, "x-amz-date", exampleTime, "x-amz-region-set", "*")
			verify := func(signature string) *wire.Refusal {
				req.Fields.Set("authorization", algorithmV4A+" Credential="+id+"/20130524/s3/aws4_request, SignedHeaders="+listV4A+", Signature="+signature)
				_, refusal := verifier.Verify(req, p)
				return refusal
			}
			toSign := detail(verify("00"), "StringToSign")
			if refusal := verify(hex.EncodeToString(derOf(privateKeyV4A(id, sec), toSign))); refusal != nil {
				t.Errorf("ECDSA of %s: %v", id, refusal)
			}
			if refusal := verify(hex.EncodeToString(derOf(exampleKeyV4A, toSign))); refusal == nil {
				t.Errorf("ECDSA of %s: accepted with another key", id)
			}
		}
	}
}

// TestMuseum_01_explainedKeysName: a credential that only Explain goes on with does
// not leave a key behind under the name of another's.
func TestMuseum_01_explainedKeysName(t *testing.T) {
	t.Parallel()
	verifier := sigv4.NewVerifier(sigv4.Options{})
	p := s3Params(exampleNow)
	const victim = "A/20130524/us-east-1/s3"
	p.Keys = keys{"A": "one", victim: "two"}
	sum := func(toSign string) string {
		key := []byte("AWS4one")
		for _, part := range []string{"20130524", "us-east-1", "s3", "aws4_request", toSign} {
			mac := hmac.New(sha256.New, key)
			mac.Write([]byte(part))
			key = mac.Sum(nil)
		}
		return hex.EncodeToString(key)
	}
	explain := func(signature string) []*wire.Refusal {
		return verifier.Explain(newRequest(t, "GET", exampleHost, "/object", "", "x-amz-content-sha256", emptyHash, "x-amz-date", exampleTime,
			"authorization", "AWS4-HMAC-SHA256 Credential=A/20130524/us-east-1/s3/"+algorithmV4A+", SignedHeaders=host;x-amz-content-sha256;x-amz-date, Signature="+signature), p).Faults
	}
	faults := explain(zeroSignature)
	if len(faults) != 2 {
		t.Fatalf("%v, want a wrong terminator and a wrong signature", faults)
	}
	if faults = explain(sum(detail(faults[1], "StringToSign"))); len(faults) != 1 {
		t.Fatalf("%v, want a wrong terminator alone", faults)
	}

	req := newRequest(t, "GET", exampleHost, "/object", "", "x-amz-content-sha256", emptyHash, "x-amz-date", exampleTime, "x-amz-region-set", "*")
	verify := func(signature string) *wire.Refusal {
		req.Fields.Set("authorization", algorithmV4A+" Credential="+victim+"/20130524/s3/aws4_request, SignedHeaders="+listV4A+", Signature="+signature)
		_, refusal := verifier.Verify(req, p)
		return refusal
	}
	if refusal := verify(sum(detail(verify("00"), "StringToSign"))); refusal == nil {
		t.Error("accepted with the HMAC of another key")
	}
}

func TestMuseum_03_repeatedV4A(t *testing.T) {
	t.Parallel()
	header := func() *wire.Request { return requestV4A(t, "/object", "us-east-1") }
	presigned := func() *wire.Request { return presignV4A(t, "&X-Amz-Region-Set=us-east-1") }
	more := func(text string) edit {
		return query(t, func(q string) string { return strings.TrimPrefix(q+text, "&") })
	}
	tests := []struct {
		name    string
		request func() *wire.Request
		edit    edit
	}{
		{"header and algorithm", header, more("&X-Amz-Algorithm=" + algorithmV4A)},
		{"header and HMAC's algorithm", header, more("&X-Amz-Algorithm=AWS4-HMAC-SHA256")},
		{"header and region set in the query", header, more("&X-Amz-Region-Set=*")},
		{"header and misspelt region set in the query", header, more("&x-amz-region-set=*")},
		{"two headers", header, add("authorization", authorization("host", zeroSignature))},
		{"region set twice", header, add("x-amz-region-set", "us-east-1")},
		{"query and header", presigned, add("authorization", authorization("host", zeroSignature))},
		{"two algorithms", presigned, more("&X-Amz-Algorithm=AWS4-HMAC-SHA256")},
		{"two algorithms, the second misspelt", presigned, more("&x-amz-algorithm=AWS4-HMAC-SHA256")},
		{"two algorithms, the second escaped", presigned, more("&X%2DAmz%2DAlgorithm=AWS4-HMAC-SHA256")},
		{"two region sets", presigned, more("&X-Amz-Region-Set=us-east-1")},
		{"two region sets, the second misspelt", presigned, more("&X-AMZ-REGION-SET=us-east-1")},
		{"query and version 2", presigned, more("&AWSAccessKeyId=a")},
	}
	for _, tt := range tests {
		req := tt.request()
		if _, refusal := sigv4.NewVerifier(sigv4.Options{}).Verify(req, s3Params(exampleNow)); refusal != nil {
			t.Fatalf("%s: %v", tt.name, refusal)
		}
		tt.edit(req)
		scheme, refusal := sigv4.Recognise(req)
		if refusal == nil || refusal.Code != "InvalidArgument" || scheme != sigv4.None {
			t.Errorf("%s: %v, %v", tt.name, scheme, refusal)
		}
	}
}
