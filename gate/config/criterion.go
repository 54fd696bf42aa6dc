package config

import (
	"cmp"
	"fmt"

	"go.yaml.in/yaml/v3"

	"github.com/hubgate/hubgate/gate"
	"github.com/hubgate/hubgate/gate/score"
)

// criterionKeys are those of a metric, and of defaults.
func (p *policyParser) criterionKeys(c *gate.Criterion) keys {
	return keys{
		"direction": value(p, "direction", &c.Direction, named(gate.ParseDirection, directionNames)),
		"max-loss":  value(p, "max-loss", &c.MaxLoss, pointer(parseLoss)),
		"min":       value(p, "min", &c.Min, pointer(parseNumber)),
		"scale":     func(v *yaml.Node) { c.Scale = p.scale(v) },
		"tier":      value(p, "tier", &c.Tier, named(gate.ParseTier, tierNames)),
		"must-pass": func(v *yaml.Node) { c.MustPass = p.sequence("must-pass", v) },
	}
}

// pointer makes a parser whose nil means "not said".
func pointer[T any](parse func(string) (T, error)) func(string) (*T, error) {
	return func(s string) (*T, error) {
		v, err := parse(s)
		return &v, err
	}
}

// scale reads [lowest, highest]; it returns nil when there is a problem.
func (p *policyParser) scale(n *yaml.Node) *score.Scale {
	const form = "write the lowest and the highest score, as in [1, 3]"
	v := p.resolve(n)
	if v.Kind != yaml.SequenceNode || len(v.Content) != 2 {
		found := kind(v)
		if v.Kind == yaml.SequenceNode {
			found = fmt.Sprintf("a list of %d", len(v.Content))
		}
		p.add(n.Line, "scale is "+found, form)
		return nil
	}
	var ends [2]float64
	for i, item := range v.Content {
		s, ok := p.text("scale", item)
		if !ok {
			return nil
		}
		var err error
		if ends[i], err = parseNumber(s); err != nil {
			p.addAt(item.Line, "scale", err)
			return nil
		}
	}
	if ends[0] >= ends[1] {
		p.add(n.Line, fmt.Sprintf("scale [%g, %g] is empty", ends[0], ends[1]), form)
		return nil
	}
	return &score.Scale{Min: ends[0], Max: ends[1]}
}

// checkCriterion reports numbers of a criterion that cannot be meant on its scale.
func (p *policyParser) checkCriterion(c gate.Criterion) {
	def := p.file.Policy.Defaults
	scale := cmp.Or(c.Scale, def.Scale)
	if scale != nil && c.Min != nil && !scale.Contains(*c.Min) {
		p.add(c.Line, fmt.Sprintf("min %g of %s is outside the scale %s", *c.Min, quote(c.Metric), show(scale)), "write a score on the scale")
	}
	if err := idle(c, def); err != nil {
		p.problems = append(p.problems, located{at(p.where(c.Line), err), c.Line})
	}
}

// idle refuses a tolerance as wide as the scale, which no loss can exceed: a gate that cannot fail must be asked for by
// name. What a tolerance is held against at run time may be narrower; what is refused here never works.
func idle(c, def gate.Criterion) error {
	loss, scale := cmp.Or(c.MaxLoss, def.MaxLoss), cmp.Or(c.Scale, def.Scale)
	if loss == nil || scale == nil || cmp.Or(c.Tier, def.Tier) == gate.Advisory {
		return nil
	}
	if loss.Percent && loss.Value < 100 || !loss.Percent && loss.Value < scale.Width() {
		return nil
	}
	fix := `to show a metric without testing it, write "tier: advisory"`
	if !loss.Percent && loss.Value < 100 {
		fix = fmt.Sprintf("for %g per cent of the scale write %[1]g%%", loss.Value)
	}
	return wrong(fmt.Sprintf("max-loss %s of %s tolerates everything on the scale %s", loss, quote(c.Metric), show(scale)), fix)
}

// show returns a scale as policies write it.
func show(s *score.Scale) string { return fmt.Sprintf("[%g, %g]", s.Min, s.Max) }
