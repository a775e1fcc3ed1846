package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// The cases of package authz, as far as its tests do not keep the types to
// themselves.
type ruleCase struct {
	ID, Why  string
	Policies map[string]json.RawMessage
	Requests []struct {
		Caller, Action, Resource, Account, Kind string
		Keys                                    map[string]json.RawMessage
		Without                                 []string
		Now                                     time.Time
		Want, Layer                             string
	}
}

type ruleCaller struct {
	Type, Account, ARN, ID, Provider string
	ParentARN                        string `json:"parent_arn"`
	ParentID                         string `json:"parent_id"`
	Keys                             map[string]json.RawMessage
}

func readTestData(t *testing.T, file string, v any) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("../../authz/testdata", file))
	if err == nil {
		err = json.Unmarshal(text, v)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestSimulateCases puts every request of the cases of package authz to the
// command, each written as a line, and wants the same decision and layer.
func TestSimulateCases(t *testing.T) {
	t.Parallel()
	var callers map[string]ruleCaller
	readTestData(t, "callers.json", &callers)
	files, err := filepath.Glob("../../authz/testdata/cases/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	var input bytes.Buffer
	type want struct{ id, why, decision, layer string }
	var wants []want
	for _, file := range files {
		var cases []ruleCase
		readTestData(t, filepath.Join("cases", filepath.Base(file)), &cases)
		for _, tt := range cases {
			for i := range tt.Requests {
				r := &tt.Requests[i]
				id := fmt.Sprintf("%s/%d", tt.ID, i)
				wants = append(wants, want{id, tt.Why, r.Want, strings.Replace(r.Layer, "endpoint", "vpce", 1)})
				input.WriteString(lineOf(t, callers, &tt, i, id) + "\n")
			}
		}
	}
	var out, errOut bytes.Buffer
	if code := run([]string{"simulate", "-", "--explain"}, &input, &out, &errOut); code != 0 {
		t.Errorf("exit code %d: %s", code, errOut.String())
	}
	results := json.NewDecoder(&out)
	for _, w := range wants {
		var got struct{ ID, Decision, Layer, Error string }
		if err := results.Decode(&got); err != nil {
			t.Fatal(err)
		}
		if got.ID != w.id || got.Decision != w.decision || w.layer != "" && got.Layer != w.layer {
			t.Errorf("%s (%s): %+v, want %s by %s", w.id, w.why, got, w.decision, w.layer)
		}
	}
	if len(wants) < 100 || results.More() {
		t.Errorf("%d lines, and more results: %t", len(wants), results.More())
	}
}

// lineOf writes a request of a case as a line. What a case leaves out is the
// same as in the tests of package authz.
func lineOf(t *testing.T, callers map[string]ruleCaller, tt *ruleCase, i int, id string) string {
	t.Helper()
	r := &tt.Requests[i]
	or := func(s, otherwise string) string {
		if s == "" {
			return otherwise
		}
		return s
	}
	c, ok := callers[or(r.Caller, "alice")]
	if !ok {
		t.Fatalf("%s: no caller %q", id, r.Caller)
	}
	now := r.Now
	if now.IsZero() {
		now = time.Date(2024, 5, 1, 12, 30, 0, 0, time.UTC)
	}
	keys := map[string]json.RawMessage{
		"aws:currenttime": json.RawMessage(strconv.Quote(now.UTC().Format(time.RFC3339))),
		"aws:epochtime":   json.RawMessage(strconv.Quote(strconv.FormatInt(now.Unix(), 10))),
	}
	maps.Copy(keys, c.Keys)
	for key, value := range map[string]string{
		"aws:securetransport": "true", "aws:sourceip": "203.0.113.10",
		"aws:requestedregion": "us-east-1", "aws:viaawsservice": "false",
	} {
		if !slices.Contains(r.Without, key) {
			keys[key] = json.RawMessage(strconv.Quote(value))
		}
	}
	maps.Copy(keys, r.Keys)
	for key, value := range r.Keys {
		var single string
		var list []string
		if json.Unmarshal(value, &single) != nil && json.Unmarshal(value, &list) != nil || string(value) == "null" {
			// Two tags whose keys differ in case.
			namespace, tag, _ := strings.Cut(key, "/")
			keys[key] = json.RawMessage(`"one"`)
			keys[namespace+"/"+strings.ToUpper(tag)] = json.RawMessage(`"two"`)
		}
	}
	principal := map[string]string{"type": c.Type, "arn": c.ARN, "account": c.Account}
	switch c.Type {
	case "assumed-role":
		principal["role_arn"] = c.ParentARN
	case "federated-user":
		principal["issuer_arn"] = c.ParentARN
	case "web-identity", "saml":
		principal["provider_arn"] = c.Provider
	}
	resource := or(r.Resource, "arn:aws:s3:::bkt/k")
	policies := maps.Clone(tt.Policies)
	delete(policies, "resource_kind")
	if endpoint, ok := policies["endpoint"]; ok {
		delete(policies, "endpoint")
		policies["vpce"] = endpoint
	}
	if given, ok := policies["resource"]; ok {
		var list []json.RawMessage
		if err := json.Unmarshal(given, &list); err != nil || len(list) != 1 {
			t.Fatalf("%s: %d resource-based policies: %v", id, len(list), err)
		}
		policies["resource"] = list[0]
	}
	line, err := json.Marshal(map[string]any{
		"id": id, "principal": principal,
		"action":   or(r.Action, "s3:GetObject"),
		"resource": map[string]string{"arn": resource, "account": or(r.Account, "111111111111")},
		"context":  keys, "policies": policies,
	})
	if err != nil {
		t.Fatal(err)
	}
	return string(line)
}
