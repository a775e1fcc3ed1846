package decision

import (
	"fmt"
	"net/netip"
	"strings"
)

// The default quotas of AWS IAM on what one user has: managed policies of
// 6,144 characters, ten attached to the user and ten to each of ten groups, and
// inline policies of 2,048 characters for the user and of 5,120 for each group.
const (
	managedSize, inlineUserSize, inlineGroupSize = 6144, 2048, 5120
	managedCount, groupCount                     = 10, 10
)

// Hostile is a workload that is as large as AWS's limits permit and made to
// cost as much as can be.
type Hostile struct {
	Name string
	Workload
}

// HostileAll are the shapes that no index helps with.
func HostileAll() []Hostile {
	const longest = 1024 // bytes of a key in S3
	tenants := func(prefix string) func(int) string {
		return func(i int) string { return prefix + fmt.Sprintf("%05d", i) }
	}
	deep := strings.Repeat("department/", 40)
	networks := func(i int) netip.Prefix {
		return netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(i >> 8), byte(i), 0}), 24)
	}
	agent := "client/" + strings.Repeat("a", 8000)
	inOrder, wrongOrder := ordered(longest)
	return []Hostile{
		hostile("everything is a candidate: `*` on `*`, if from one network", "k", func(i int) Rule {
			return Rule{Action: "*", Resources: []string{"*"}, Networks: []netip.Prefix{networks(i)}}
		}),
		hostile("wildcards lead in Action and Resource", "k", func(i int) Rule {
			return Rule{Action: "*", Resources: []string{tenants("*")(i)}}
		}),
		hostile("patterns that are alike for 440 characters", deep+"x", func(i int) Rule {
			return Rule{Action: Action, Resources: list(13, func(k int) string {
				return tenants("archive/" + deep)(13*i + k)
			})}
		}),
		hostile("a wildcard on both sides of a word: is it in the name?", strings.Repeat("a", longest), func(i int) Rule {
			return Rule{Action: Action, Resources: list(400, func(k int) string {
				return "*" + tenants("a")(400*i+k) + "*"
			})}
		}),
		hostile("2,500 wildcards in one pattern", strings.Repeat("a", longest), func(int) Rule {
			return Rule{Action: Action, Resources: []string{"archive/" + strings.Repeat("*a", 2500) + "*b"}}
		}),
		hostile("a wildcard before 500 equal characters", strings.Repeat("a", longest), func(int) Rule {
			return Rule{Action: Action, Resources: list(11, func(int) string {
				return "*" + strings.Repeat("a", 500) + "b*"
			})}
		}),
		hostile("250 networks in each condition", "k", func(i int) Rule {
			return Rule{Action: Action, Resources: []string{"*"}, Networks: list(250, func(k int) netip.Prefix {
				return networks(250*i + k)
			})}
		}),
		hostile("words that are all in the name, in the wrong order", inOrder, wrongOrder),
		everywhere(hostile("the same, in every layer that binds a session", inOrder, func(i int) Rule {
			r := wrongOrder(i)
			r.Deny = true
			return r
		})),
		hostile("question marks between letters, which repeat in the name", strings.Repeat(strings.Repeat("a", 98)+"b", 10), func(i int) Rule {
			return Rule{Action: Action, Resources: list(100, func(k int) string {
				return "*" + strings.Repeat("a?", 20+(100*i+k)%30) + "b?b*"
			})}
		}),
		{Name: "words that are not there, in a client's name of 8,000 characters", Workload: Workload{
			Documents: fill(func(i int) Rule {
				return Rule{Action: Action, Resources: []string{"*"}, UserAgents: list(400, func(k int) string {
					return "*" + tenants("a")(400*i+k) + "*"
				})}
			}),
			Questions: []Question{{Name: None, Bucket: "archive", Key: "k", SourceIP: home, UserAgent: agent}},
		}},
	}
}

func hostile(name, key string, rule func(int) Rule) Hostile {
	return Hostile{Name: name, Workload: Workload{
		Documents: fill(rule),
		Questions: []Question{{Name: None, Bucket: "archive", Key: key, SourceIP: home}},
	}}
}

// everywhere fills all other layers as well.
func everywhere(h Hostile) Hostile {
	h.AllLayers = true
	return h
}

// ordered is a name of letters, all small ones in front of all capitals, and
// rules that look for what stands in it, a part of the capitals first.
func ordered(size int) (name string, rule func(int) Rule) {
	letters := make([]byte, size)
	for i, seed := 0, uint32(1); i < size; i++ {
		seed = seed*1664525 + 1013904223
		letters[i] = "aA"[2*i/size] + byte(seed>>24)%26
	}
	name = string(letters)
	part := func(half string, i int) string { at := i % (len(half) - 3); return half[at : at+3] }
	return name, func(i int) Rule {
		return Rule{Action: Action, Resources: list(400, func(k int) string {
			n := 400*i + k
			return "*" + part(name[size/2:], n) + "*" + part(name[:size/2], n*31) + "*"
		})}
	}
}

// fill fills everything that can be attached to a user with rules.
func fill(rule func(int) Rule) []Document {
	var documents []Document
	next := 0
	add := func(limit int) {
		var d Document
		for room := limit - len(encode(nil)); ; next++ {
			r, fits := shrink(rule(next), room)
			if !fits {
				break
			}
			room -= len(encodeRule(&r)) + len(",")
			d = append(d, r)
		}
		if len(d) > 0 {
			documents = append(documents, d)
		}
	}
	for range managedCount * (1 + groupCount) {
		add(managedSize)
	}
	add(inlineUserSize)
	for range groupCount {
		add(inlineGroupSize)
	}
	return documents
}

// shrink cuts the lists of a rule until its text fits; fits is false if it does
// not with one entry in each.
func shrink(r Rule, room int) (shrunk Rule, fits bool) {
	for {
		excess := len(encodeRule(&r)) - room
		if excess <= 0 {
			return r, true
		}
		switch {
		case len(r.UserAgents) > 1:
			r.UserAgents = shorten(r.UserAgents, len(r.UserAgents[0]), excess)
		case len(r.Networks) > 1:
			r.Networks = shorten(r.Networks, len("255.255.255.255/32"), excess)
		case len(r.Resources) > 1:
			r.Resources = shorten(r.Resources, len(arnPrefix)+len(r.Resources[0]), excess)
		default:
			return r, false
		}
	}
}

// shorten drops entries of a size from a list, too few rather than too many.
func shorten[T any](entries []T, size, excess int) []T {
	drop := max(1, excess/(size+len(`"",`)))
	return entries[:max(1, len(entries)-drop)]
}

func list[T any](n int, at func(int) T) []T {
	values := make([]T, n)
	for i := range values {
		values[i] = at(i)
	}
	return values
}
