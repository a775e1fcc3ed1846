package main

import (
	"slices"
	"testing"

	"github.com/sallyport-iam/sallyport/action"
	"github.com/sallyport-iam/sallyport/config"
	"github.com/sallyport-iam/sallyport/wire"
)

// TestMappersFollowTheUpstream: what is said of an upstream reaches its mapper.
func TestMappersFollowTheUpstream(t *testing.T) {
	t.Parallel()
	mappers := newMappers(&config.Config{Upstreams: []config.Upstream{
		{Name: "plain", ObjectKeys: config.ObjectKeysStrict, Operations: []string{config.OperationsCore}, CopyTags: config.CopyTagsUnchecked},
		{Name: "exact", ObjectKeys: config.ObjectKeysExact, Operations: []string{config.OperationsCore}, CopyTags: config.CopyTagsExact},
		{Name: "aws", ObjectKeys: config.ObjectKeysExact, Operations: []string{config.OperationsAll}, CopyTags: config.CopyTagsChecked},
		{Name: "bare", ObjectKeys: config.ObjectKeysExact, Operations: []string{config.OperationsAll}, CopyTags: config.CopyTagsUnchecked, CopyAnnotations: config.CopyAnnotationsUnchecked},
	}})
	place := action.Place{Caller: "111122223333", Owner: func(string, string) (string, bool) { return "111122223333", true }}
	copied := func(upstream string) []string {
		req := &wire.Request{Method: "PUT", Path: "/bucket/copy", Fields: wire.Fields{{Name: "x-amz-copy-source", Value: "bucket/k"}}}
		op, refusal := mappers[upstream].Recognise(req, place)
		if refusal != nil {
			t.Fatal(refusal)
		}
		mapped, refusal := mappers[upstream].Map(req, &op, place, nil)
		if refusal != nil {
			t.Fatal(refusal)
		}
		var actions []string
		for _, a := range mapped.Accesses {
			actions = append(actions, a.Action)
		}
		return actions
	}
	if got := copied("plain"); !slices.Equal(got, []string{"s3:PutObject", "s3:GetObject"}) {
		t.Errorf("unchecked: %v", got)
	}
	if got := copied("aws"); !slices.Equal(got, []string{
		"s3:PutObject", "s3:PutObjectTagging", "s3:PutObjectAnnotation", "s3:GetObject", "s3:GetObjectTagging", "s3:GetObjectAnnotation"}) {
		t.Errorf("checked: %v", got)
	}
	if got := copied("bare"); !slices.Equal(got, []string{"s3:PutObject", "s3:GetObject"}) {
		t.Errorf("unchecked, with annotations: %v", got)
	}
	if got := copied("exact"); !slices.Equal(got, []string{"s3:PutObject", "s3:GetObject", "s3:GetObjectTagging", "s3:PutObjectTagging"}) {
		t.Errorf("exact: %v", got)
	}
	for _, req := range []*wire.Request{
		{Method: "GET", Path: "/bucket/a//b"},
		{Method: "GET", Path: "/bucket", RawQuery: "abac", HasQuery: true, Query: wire.Query{{RawName: "abac", Name: "abac"}}},
	} {
		if _, refusal := mappers["plain"].Recognise(req, place); refusal == nil {
			t.Errorf("strict, core: %s is taken", req.Target())
		}
		if _, refusal := mappers["aws"].Recognise(req, place); refusal != nil {
			t.Errorf("exact, all: %s: %v", req.Target(), refusal)
		}
	}
	if slices.Contains(mappers["plain"].Actions(), "s3:GetBucketAbac") || !slices.Contains(mappers["aws"].Actions(), "s3:GetBucketAbac") {
		t.Error("the actions that the bundle is checked for are not those of the upstream")
	}
}
