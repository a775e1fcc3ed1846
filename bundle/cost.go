package bundle

import (
	"errors"
	"fmt"

	"github.com/sallyport-iam/sallyport/authz"
)

// CheckCost tells whether policies that are evaluated together stay within the
// bounds that those of a bundle have: no index bounds what their decisions cost.
// Nil sets are let in.
func CheckCost(sets ...*authz.Policies) error {
	unindexed, searches := cost(sets)
	switch {
	case unindexed > maxUnindexed:
		return fmt.Errorf("%d statements can match any action on any resource, and at most %d may", unindexed, maxUnindexed)
	case searches > maxSearches:
		return errors.New("the patterns have too many words, variables and wildcards")
	}
	return nil
}

func cost(sets []*authz.Policies) (unindexed, searches int) {
	for _, set := range sets {
		unindexed += set.Unindexed()
		searches += set.Searches()
	}
	return unindexed, searches
}
