package config

import (
	"fmt"
	"slices"
	"strings"
)

// Unmatched tells of the criteria of the policy that name no metric of a run: with how to mend it where the name is likely a
// slip, or something is asked that nothing will be held to, and without where the metric may well belong to another run.
// Globs may match nothing.
func (c Config) Unmatched(metrics []string) Problems {
	free := slices.Clone(metrics) // without a criterion of their own name
	for _, cr := range c.Policy.Criteria {
		free = slices.DeleteFunc(free, func(m string) bool { return m == cr.Metric })
	}
	var out Problems
	for _, cr := range c.Policy.Criteria {
		if strings.ContainsAny(cr.Metric, `*?[\`) || slices.Contains(metrics, cr.Metric) {
			continue
		}
		p := Problem{Where: fmt.Sprintf("%s:%d", c.PolicyFile, cr.Line), Msg: fmt.Sprintf("the run has no metric %q", cr.Metric)}
		switch near := nearest(cr.Metric, free); {
		case near != "":
			p.Fix = fmt.Sprintf("did you mean %q?", near)
		case cr.Min != nil || len(cr.MustPass) > 0:
			p.Fix = "correct the name, or nothing is held to its min and must-pass"
		}
		out = append(out, p)
	}
	return out
}
