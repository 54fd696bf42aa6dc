package hub

import (
	"errors"
	"fmt"
	"strings"
)

// Check refuses a change that no store takes, whatever it holds: a branch that [CheckBranch] refuses, a blank message, a path
// that [CheckPath] refuses or that occurs twice, and a file without content or of a negative size.
func (c Change) Check() error {
	if err := CheckBranch(c.Branch); err != nil {
		return err
	}
	if strings.TrimSpace(c.Message) == "" {
		return errors.New("the commit's message is empty")
	}
	seen := make(map[string]bool, len(c.Put)+len(c.Delete))
	check := func(p string) error {
		if err := CheckPath(p); err != nil {
			return err
		}
		if seen[p] {
			return fmt.Errorf("path %q occurs twice in one commit", p)
		}
		seen[p] = true
		return nil
	}
	for _, f := range c.Put {
		if err := check(f.Path); err != nil {
			return err
		}
		if f.Content == nil || f.Size < 0 {
			return fmt.Errorf("path %q has no content", f.Path)
		}
	}
	for _, p := range c.Delete {
		if err := check(p); err != nil {
			return err
		}
	}
	return nil
}
