package sigv4_test

import (
	"encoding/hex"
	mathbig "math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sallyport-iam/sallyport/sigv4"
	"github.com/sallyport-iam/sallyport/wire"
)

// The key of AWS's published signing test suite, and its private scalar.
const (
	suiteID     = "AKIDEXAMPLE"
	suiteSecret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
	suiteScalar = "7efc8c0e65a324242818c5a50c891c6060b6a00717b7ba3cbe3c5d765be9259c"
)

var suiteNow = time.Date(2015, time.August, 30, 12, 36, 0, 0, time.UTC)

func suiteParams() sigv4.Params {
	return sigv4.Params{
		Now: suiteNow, Service: "service", Regions: []string{"us-east-1"},
		Keys: keys{suiteID: suiteSecret},
	}
}

// TestKeyDerivationV4A: the verifier's key is that of the published scalar, and
// so is the tests'.
func TestKeyDerivationV4A(t *testing.T) {
	t.Parallel()
	d, _ := new(mathbig.Int).SetString(suiteScalar, 16)
	published := privateKey(d)
	if !privateKeyV4A(suiteID, suiteSecret).Equal(published) {
		t.Error("the tests derive another key")
	}
	point, err := published.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	if x, y := hex.EncodeToString(point[1:33]), hex.EncodeToString(point[33:]); !strings.HasPrefix(x, "b6618f6a") || !strings.HasSuffix(x, "36b1") ||
		!strings.HasPrefix(y, "865ed22a") || !strings.HasSuffix(y, "e518") {
		t.Errorf("the public point is %s, %s", x, y)
	}
	req := newRequest(t, "GET", "example.amazonaws.com", "/", "", "x-amz-date", "20150830T123600Z", "x-amz-region-set", "us-east-1")
	auth := func(signature string) {
		req.Fields.Set("authorization", algorithmV4A+" Credential="+suiteID+"/20150830/service/aws4_request, SignedHeaders=host;x-amz-date;x-amz-region-set, Signature="+signature)
	}
	auth("00")
	verifier := sigv4.NewVerifier(sigv4.Options{})
	_, refusal := verifier.Verify(req, suiteParams())
	// The published hash of the canonical request of "get-vanilla".
	want := algorithmV4A + "\n20150830T123600Z\n20150830/service/aws4_request\ncf59db423e841c8b7e3444158185aa261b724a5c27cbe762676f3eed19f4dc02"
	toSign := detail(refusal, "StringToSign")
	if toSign != want {
		t.Errorf("string to sign %q, want %q", toSign, want)
	}
	auth(hex.EncodeToString(derOf(published, toSign)))
	explains(t, verifier, req, suiteParams(), nil)
	if _, refusal := verifier.Verify(req, suiteParams()); refusal != nil {
		t.Error(refusal)
	}
	p := suiteParams()
	p.Keys = keys{suiteID: suiteSecret + "x"}
	if _, refusal := sigv4.NewVerifier(sigv4.Options{}).Verify(req, p); refusal == nil {
		t.Error("accepted with another secret")
	}
}

// TestPublishedVectorsV4A are signed requests of AWS's test suite
// (awslabs/aws-c-auth, tests/aws-signing-test-suite/v4a): made by another
// implementation, and not to be made again.
func TestPublishedVectorsV4A(t *testing.T) {
	t.Parallel()
	signed := []string{"x-amz-date", "20150830T123600Z", "x-amz-region-set", "us-east-1"}
	const presigned = "X-Amz-Algorithm=AWS4-ECDSA-P256-SHA256&X-Amz-Credential=AKIDEXAMPLE%2F20150830%2Fservice%2Faws4_request" +
		"&X-Amz-Date=20150830T123600Z&X-Amz-SignedHeaders=host&X-Amz-Expires=3600&X-Amz-Region-Set=us-east-1&X-Amz-Signature="
	tests := []struct {
		name, method, target string
		fields               []string
		list                 string // "": presigned
		signature            string
	}{
		{"get-vanilla-query-order-encoded", "GET", "/?Param-3=Value3&Param=Value2&%E1%88%B4=Value1", nil, "host;x-amz-date;x-amz-region-set",
			"3044022042f88d908e5a81e5c14d252fa616914f9050d3d613b3c894af248abad15abfe302205b7b243179d0b660969415262fa9f0b0de80a9ff278d02b181c720ed65a298e7"},
		{"get-header-key-duplicate", "GET", "/", []string{"my-header1", "value2", "my-header1", "value2", "my-header1", "value1"}, "host;my-header1;x-amz-date;x-amz-region-set",
			"3045022100b49e91c286a468d72505ea350443b43701ae2cf90f1d6aa6b2d2a77280e11db302205ea3a2a04b8b9ed7b397c29b0050daa200e9e11c86112c9868c984cd840179b1"},
		{"get-header-value-order", "GET", "/", []string{"my-header1", "value4", "my-header1", "value1", "my-header1", "value3", "my-header1", "value2"}, "host;my-header1;x-amz-date;x-amz-region-set",
			"30450220375345f80dd6237452075c25c25069430f89ce6c3fdff7ae4103a50b4f7bb8af022100bfb21ebd1ab175dbfaae98deb966edb65f241d11a2fd2f534a101f81fd63fc0b"},
		{"post-vanilla", "POST", "/", nil, "host;x-amz-date;x-amz-region-set",
			"304402201e9f3476aa74125498a146cf3cd345c370f750b521eaa61128fb812e34c244be02205ba213326b2bcaa02a65739514befb386c227a36b94414c89da45ac200fb8b67"},
		{"get-vanilla-query-order-encoded", "GET", "/?Param-3=Value3&Param=Value2&%E1%88%B4=Value1&" + presigned, nil, "",
			"3045022100eedf337ed71c3e88ce9654a9da72b82d929ff14fcda00c8287e1a75db4f6e2b0022057bf498fb40bb50c390f72fdea6be43385a5c7b19fa7be4f01a0ef2b6f801f18"},
		{"get-vanilla", "GET", "/?" + presigned, nil, "",
			"3046022100c57d8a142ae302eb396afb515da12ec3020a836331dfdbf6c8e4f14c0661c0a1022100e1da9728157dad97d80217afb04aa9b99f61dcdef57a056a7f198fb1b728f7c3"},
	}
	for _, tt := range tests {
		verifier := sigv4.NewVerifier(sigv4.Options{})
		request := func(signature string) *wire.Request {
			if tt.list == "" {
				return newRequest(t, tt.method, "example.amazonaws.com", tt.target+signature, "", tt.fields...)
			}
			return newRequest(t, tt.method, "example.amazonaws.com", tt.target, "", append(slices.Concat(tt.fields, signed),
				"authorization", algorithmV4A+" Credential="+suiteID+"/20150830/service/aws4_request, SignedHeaders="+tt.list+", Signature="+signature)...)
		}
		for range 2 { // the second time with the remembered key
			if _, refusal := verifier.Verify(request(tt.signature), suiteParams()); refusal != nil {
				t.Errorf("%s: %v\n%s", tt.name, refusal, detail(refusal, "CanonicalRequest"))
			}
		}
		for i := range tt.signature {
			if _, refusal := verifier.Verify(request(flip(tt.signature, i)), suiteParams()); refusal == nil || refusal.Code != "SignatureDoesNotMatch" {
				t.Errorf("%s with digit %d of the signature changed: %v", tt.name, i, refusal)
			}
		}
	}
}
