package authz_test

import (
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sallyport-iam/sallyport/authz"
)

func TestContext(t *testing.T) {
	t.Parallel()
	var c authz.Context
	if _, ok := c.Lookup("aws:sourceip"); ok || c.Len() != 0 {
		t.Error("the zero Context is not empty")
	}
	c.Set("AWS:SourceIp", "10.0.0.1")
	c.Set("aws:sourceip", "10.0.0.2")
	c.SetList("aws:TagKeys", []string{"a", "b"})
	if c.Len() != 2 {
		t.Errorf("%d keys, want 2", c.Len())
	}
	v, ok := c.Lookup("aws:sourceip")
	if text, single := v.Single(); !ok || !single || !v.Usable() || text != "10.0.0.2" {
		t.Errorf("aws:sourceip is %q (%t, %t), want the value that was set last", text, ok, single)
	}
	v, ok = c.Lookup("aws:tagkeys")
	list, multiple := v.List()
	if _, single := v.Single(); !ok || !multiple || single {
		t.Error("aws:tagkeys is not a list")
	}
	if diff := cmp.Diff([]string{"a", "b"}, list); diff != "" {
		t.Error(diff)
	}
	var names []string
	for name, value := range c.All() {
		if names = append(names, name); !value.Usable() {
			t.Errorf("%s has a value that is not usable", name)
		}
	}
	if diff := cmp.Diff([]string{"aws:sourceip", "aws:tagkeys"}, names); diff != "" {
		t.Error(diff)
	}
	for name := range c.All() {
		if name != "aws:sourceip" {
			t.Errorf("%s follows the key at which the loop stops", name)
		}
		break
	}
	c.Reset()
	if _, ok := c.Lookup("aws:sourceip"); ok || c.Len() != 0 {
		t.Error("Reset left keys behind")
	}
}

func TestContext_Grow(t *testing.T) {
	var c authz.Context
	c.Set("aws:username", "alice")
	keys := []string{"svc:a", "svc:b", "svc:c", "svc:d", "svc:e", "svc:f", "svc:g", "svc:h", "svc:i"}
	c.Grow(2 * len(keys))
	allocations := testing.AllocsPerRun(1, func() {
		for _, key := range keys {
			c.Set(key, "x")
		}
	})
	if v, _ := c.Lookup("aws:username"); c.Len() != 1+len(keys) || !v.Usable() || allocations != 0 {
		t.Errorf("%d keys with %v allocations", c.Len(), allocations)
	}
}

func TestContext_SetTag(t *testing.T) {
	t.Parallel()
	var c authz.Context
	c.SetTag("aws:RequestTag", "Team", "a")
	if v, ok := c.Lookup("aws:requesttag/team"); !ok || !v.Usable() {
		t.Error("one tag is not usable")
	}
	c.SetTag("aws:RequestTag", "team", "b")
	c.SetTag("aws:RequestTag", "TEAM", "c")
	v, ok := c.Lookup("aws:requesttag/team")
	if _, single := v.Single(); !ok || v.Usable() || single {
		t.Errorf("two tags whose keys differ in case give the value %+v", v)
	}
	c.Set("aws:requesttag/team", "d")
	if v, _ := c.Lookup("aws:requesttag/team"); !v.Usable() {
		t.Error("Set does not take the place of tags")
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ got, want string }{
		{authz.AssumedRole.String(), "assumed-role"},
		{authz.ExplicitDeny.String(), "explicit_deny"},
		{authz.LayerSCP.String(), "scp"},
	} {
		if tt.got != tt.want {
			t.Errorf("%q, want %q", tt.got, tt.want)
		}
	}
}

// TestContextReset: nothing of the keys is left, and the memory of few is kept.
func TestContextReset(t *testing.T) {
	for _, tt := range []struct {
		keys int
		kept bool
	}{{0, true}, {1, true}, {9, true}, {100, true}, {10_000, false}} {
		names := make([]authz.Name, tt.keys)
		for i := range names {
			names[i] = authz.NewName("key/" + strconv.Itoa(i))
		}
		var c authz.Context
		fill := func() {
			c.Grow(len(names))
			for i, n := range names[:min(len(names), 300)] {
				c.SetName(n, strconv.Itoa(i%10))
			}
		}
		fill()
		c.SetUnread("s3:existingobjecttag/")
		c.Reset()
		_, found := c.Lookup("key/0")
		if c.Len() != 0 || found || c.Unread("s3:existingobjecttag/a") != "" {
			t.Errorf("%d keys: %d are left, or what was unread", tt.keys, c.Len())
		}
		if got := testing.AllocsPerRun(10, func() { fill(); c.Reset() }); (got == 0) != tt.kept {
			t.Errorf("%d keys: %v allocations for the same again", tt.keys, got)
		}
	}
}
