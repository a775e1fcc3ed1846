package authz_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sallyport-iam/sallyport/authz"
	"github.com/sallyport-iam/sallyport/authz/policy"
	"github.com/sallyport-iam/sallyport/authz/reference"
)

// evaluators are the implementations that every case is put to.
var evaluators = map[string]func(*authz.Caller, *authz.Request, *authz.Access) authz.Decision{
	"compiled":  authz.Decide,
	"reference": reference.Decide,
}

// ruleCase is one entry of a file in testdata/cases: documents, and what they
// decide; or one document, and why it is rejected.
type ruleCase struct {
	ID, Why  string
	Policies caseLayers
	Requests []caseRequest
	Reject   *struct {
		Kind     string
		Document json.RawMessage
		Text     string
		Code     string
	}
}

type caseLayers struct {
	Identity, Boundary, Session, Resource, Endpoint []json.RawMessage
	SCP, RCP                                        [][]json.RawMessage
	ResourceKind                                    string `json:"resource_kind"`
}

type caseRequest struct {
	Caller, Action, Resource, Account, Kind string
	Keys                                    map[string]json.RawMessage
	Without                                 []string
	Now                                     time.Time
	Want, Layer                             string
	Sentence                                *string
}

type caseCaller struct {
	Type, Account, ARN, ID, Provider string
	ParentARN                        string `json:"parent_arn"`
	ParentID                         string `json:"parent_id"`
	Keys                             map[string]json.RawMessage
}

var policyKinds = map[string]policy.Kind{
	"identity": policy.Identity, "boundary": policy.Boundary, "session": policy.Session, "resource": policy.Resource,
	"trust": policy.Trust, "scp": policy.SCP, "rcp": policy.RCP, "endpoint": policy.Endpoint, "bucket": policy.Bucket,
}

var principalTypes = map[string]authz.PrincipalType{
	"anonymous": authz.Anonymous, "root": authz.Root, "user": authz.User, "assumed-role": authz.AssumedRole,
	"federated-user": authz.FederatedUser, "web-identity": authz.WebIdentity, "saml": authz.SAML, "service": authz.Service,
}

// readJSON reads a file of test data, in which nothing may be misspelt.
func readJSON(t *testing.T, file string, v any) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
}

func TestCases(t *testing.T) {
	t.Parallel()
	var callers map[string]caseCaller
	readJSON(t, "testdata/callers.json", &callers)
	files, err := filepath.Glob("testdata/cases/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, file := range files {
		var cases []ruleCase
		readJSON(t, file, &cases)
		for _, tt := range cases {
			t.Run(tt.ID, func(t *testing.T) {
				t.Parallel()
				if tt.Reject != nil {
					testReject(t, &tt)
					return
				}
				for i := range tt.Requests {
					testDecision(t, callers, &tt, &tt.Requests[i])
				}
			})
		}
	}
}

func testReject(t *testing.T, tt *ruleCase) {
	t.Helper()
	text := []byte(tt.Reject.Text)
	if len(text) == 0 {
		text = tt.Reject.Document
	}
	doc, findings := policy.Parse(policyKinds[tt.Reject.Kind], tt.ID, text)
	if doc != nil {
		t.Fatalf("%s: the document loads", tt.Why)
	}
	for _, f := range findings {
		if f.Severity == policy.Error && f.Code == tt.Reject.Code {
			return
		}
	}
	t.Errorf("%s: no error %s among %v", tt.Why, tt.Reject.Code, findings)
}

func testDecision(t *testing.T, callers map[string]caseCaller, tt *ruleCase, r *caseRequest) {
	t.Helper()
	caller, request, access := tt.access(t, callers, r)
	decisions := map[string]authz.Decision{}
	for name, decide := range evaluators {
		d := decide(caller, request, access)
		decisions[name] = d
		if d.Effect.String() != r.Want {
			t.Errorf("%s: %s: %s on %s by %s: %s by %s, want %s", tt.Why, name, access.Action, access.Resource, r.Caller, d.Effect, d.Layer, r.Want)
		}
		if r.Layer != "" && d.Layer.String() != r.Layer {
			t.Errorf("%s: %s: layer %s, want %s", tt.Why, name, d.Layer, r.Layer)
		}
		if r.Sentence != nil {
			if diff := cmp.Diff(*r.Sentence, d.Sentence(caller, access)); diff != "" {
				t.Errorf("%s: %s: sentence (-want +got):\n%s", tt.Why, name, diff)
			}
		}
	}
	if diff := cmp.Diff(decisions["reference"], decisions["compiled"]); diff != "" {
		t.Errorf("%s: the evaluators differ (-reference +compiled):\n%s", tt.Why, diff)
	}
}

// access builds what a request of the case asks. What it leaves out is
// s3:GetObject on an object of account 111111111111 by alice over TLS.
func (tt *ruleCase) access(t *testing.T, callers map[string]caseCaller, r *caseRequest) (*authz.Caller, *authz.Request, *authz.Access) {
	t.Helper()
	p := tt.Policies
	if r.Caller == "" {
		r.Caller = "alice"
	}
	c, ok := callers[r.Caller]
	if !ok {
		t.Fatalf("no caller %q", r.Caller)
	}
	caller := &authz.Caller{
		Type: principalTypes[c.Type], Account: c.Account, ARN: c.ARN, ID: c.ID,
		ParentARN: c.ParentARN, ParentID: c.ParentID, Provider: c.Provider,
		Identity: attach(t, policy.Identity, p.Identity),
		Boundary: attach(t, policy.Boundary, p.Boundary),
		Session:  attach(t, policy.Session, p.Session),
		SCP:      attachLevels(t, policy.SCP, p.SCP),
	}
	setKeys(t, &caller.Keys, c.Keys)

	request := &authz.Request{Now: r.Now, Endpoint: attach(t, policy.Endpoint, p.Endpoint)}
	for key, value := range map[string]string{
		"aws:securetransport": "true", "aws:sourceip": "203.0.113.10",
		"aws:requestedregion": "us-east-1", "aws:viaawsservice": "false",
	} {
		if !strings.Contains(strings.Join(r.Without, " "), key) {
			request.Keys.Set(key, value)
		}
	}
	if request.Now.IsZero() {
		request.Now = time.Date(2024, 5, 1, 12, 30, 0, 0, time.UTC)
	}

	access := &authz.Access{Action: "s3:GetObject", Resource: "arn:aws:s3:::bkt/k", Account: "111111111111"}
	if r.Action != "" {
		access.Action = r.Action
	}
	if r.Resource != "" {
		access.Resource = r.Resource
	}
	kind := policy.Bucket
	switch {
	case r.Kind == "role-trust":
		access.Kind, kind = authz.RoleTrust, policy.Trust
	case r.Kind == "kms-key":
		access.Kind, kind = authz.KMSKey, policy.Resource
	case p.ResourceKind != "":
		kind = policyKinds[p.ResourceKind]
	}
	access.Policy = attach(t, kind, p.Resource)
	access.RCP = attachLevels(t, policy.RCP, p.RCP)
	setKeys(t, &access.Keys, r.Keys)
	return caller, request, access
}

func setKeys(t *testing.T, c *authz.Context, keys map[string]json.RawMessage) {
	t.Helper()
	for key, raw := range keys {
		var list []string
		var single string
		switch {
		case json.Unmarshal(raw, &single) == nil:
			c.Set(key, single)
		case json.Unmarshal(raw, &list) == nil:
			c.SetList(key, list)
		default: // two tags whose keys differ in case
			namespace, tag, _ := strings.Cut(key, "/")
			c.SetTag(namespace, tag, "one")
			c.SetTag(namespace, strings.ToUpper(tag), "two")
		}
	}
}

func attach(t *testing.T, kind policy.Kind, documents []json.RawMessage) *authz.Policies {
	t.Helper()
	if documents == nil {
		return nil
	}
	var list []*authz.Document
	for _, text := range documents {
		list = append(list, compile(t, kind, string(text)))
	}
	return authz.NewPolicies(list...)
}

func attachLevels(t *testing.T, kind policy.Kind, levels [][]json.RawMessage) []*authz.Policies {
	t.Helper()
	var list []*authz.Policies
	for _, level := range levels {
		list = append(list, attach(t, kind, level))
	}
	return list
}

// compile compiles a document that must load.
func compile(t testing.TB, kind policy.Kind, text string) *authz.Document {
	t.Helper()
	doc, findings := policy.Parse(kind, kind.String(), []byte(text))
	if doc == nil {
		t.Fatalf("the document is rejected: %v", findings)
	}
	return authz.Compile(doc)
}
