package actiontest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
)

// A CheckRun is one of a commit.
type CheckRun struct {
	ID                     int64
	Name, HeadSHA          string
	ExternalID, DetailsURL string
	Status, Conclusion     string
	Title, Summary         string
	Annotations            []CheckAnnotation
	History                []string // its states in order: in_progress, completed, ...
	hasOutput              bool
}

// A CheckAnnotation is a message of a check run beside the code.
type CheckAnnotation struct {
	Path    string `json:"path"`
	Start   int    `json:"start_line"`
	End     int    `json:"end_line"`
	Level   string `json:"annotation_level"`
	Title   string `json:"title"`
	Message string `json:"message"`
}

// CheckRuns returns all check runs, oldest first.
func (g *GitHub) CheckRuns() []CheckRun {
	g.mu.Lock()
	defer g.mu.Unlock()
	var all []CheckRun
	for _, c := range g.checks {
		all = append(all, *c)
	}
	return all
}

// listChecks lists the newest first.
func (g *GitHub) listChecks(w http.ResponseWriter, r *http.Request, _ identity) {
	name := r.URL.Query().Get("check_name")
	g.mu.Lock()
	list := []object{}
	for _, c := range slices.Backward(g.checks) {
		if c.HeadSHA == r.PathValue("commit") && (name == "" || c.Name == name) {
			list = append(list, g.check(c))
		}
	}
	g.mu.Unlock()
	reply(w, http.StatusOK, object{
		"total_count": len(list), "check_runs": page(g, w, r, list, "check_name", "status", "filter", "app_id"),
	})
}

// A checkInput is what creating or updating a check run sends.
type checkInput struct {
	Name       string  `json:"name"`
	HeadSHA    string  `json:"head_sha"`
	DetailsURL *string `json:"details_url"`
	ExternalID *string `json:"external_id"`
	Status     string  `json:"status"`
	Conclusion string  `json:"conclusion"`
	Completed  string  `json:"completed_at"`
	Output     *struct {
		Title       string            `json:"title"`
		Summary     string            `json:"summary"`
		Annotations []CheckAnnotation `json:"annotations"`
	} `json:"output"`
}

func (g *GitHub) createCheck(w http.ResponseWriter, r *http.Request, _ identity) {
	g.query(r)
	g.mu.Lock()
	defer g.mu.Unlock()
	g.lastID++
	c := &CheckRun{ID: g.lastID}
	g.checks = append(g.checks, c)
	g.putCheck(w, r, c, http.StatusCreated)
}

func (g *GitHub) updateCheck(w http.ResponseWriter, r *http.Request, _ identity) {
	g.query(r)
	id, _ := strconv.ParseInt(r.PathValue("id"), 10, 64)
	g.mu.Lock()
	defer g.mu.Unlock()
	i := slices.IndexFunc(g.checks, func(c *CheckRun) bool { return c.ID == id })
	if i < 0 {
		refuse(w, http.StatusNotFound, "Not Found", docs+"checks/runs#update-a-check-run")
		return
	}
	g.putCheck(w, r, g.checks[i], http.StatusOK)
}

// putCheck takes over what a request says, and is stricter than the description: what is completed has a conclusion.
func (g *GitHub) putCheck(w http.ResponseWriter, r *http.Request, c *CheckRun, status int) {
	var in checkInput
	dec := json.NewDecoder(r.Body)
	dec.DisallowUnknownFields()
	if err := dec.Decode(&in); err != nil {
		g.wrong(r, "%v", err)
	}
	if (in.Status == "completed") != (in.Conclusion != "") || (in.Conclusion != "") != (in.Completed != "") {
		g.wrong(r, "status %q with conclusion %q, completed at %q", in.Status, in.Conclusion, in.Completed)
	}
	c.Name, c.HeadSHA = cmp.Or(in.Name, c.Name), cmp.Or(in.HeadSHA, c.HeadSHA)
	c.Status, c.Conclusion = cmp.Or(in.Status, c.Status), in.Conclusion
	c.History = append(c.History, cmp.Or(in.Conclusion, in.Status))
	if in.DetailsURL != nil {
		c.DetailsURL = *in.DetailsURL
	}
	if in.ExternalID != nil {
		c.ExternalID = *in.ExternalID
	}
	if in.Output != nil {
		c.Title, c.Summary, c.hasOutput = in.Output.Title, in.Output.Summary, true
		c.Annotations = append(c.Annotations, in.Output.Annotations...)
	}
	reply(w, status, g.check(c))
}

func (g *GitHub) check(c *CheckRun) object {
	at := fmt.Sprintf("%s/repos/%s/%s/check-runs/%d", URL, g.owner, g.name, c.ID)
	o := object{
		"id": c.ID, "node_id": fmt.Sprintf("CR_%d", c.ID), "name": c.Name, "head_sha": c.HeadSHA, "external_id": c.ExternalID,
		"url": at, "html_url": fmt.Sprintf("https://github.test/%s/%s/runs/%d", g.owner, g.name, c.ID), "details_url": c.DetailsURL,
		"status": c.Status, "conclusion": nil, "started_at": began, "completed_at": nil, "check_suite": object{"id": 5},
		"app": app(), "pull_requests": []any{},
	}
	if c.Conclusion != "" {
		o["conclusion"], o["completed_at"] = c.Conclusion, began
	}
	output := object{"title": nil, "summary": nil, "text": nil, "annotations_count": len(c.Annotations), "annotations_url": at + "/annotations"}
	if c.hasOutput {
		output["title"], output["summary"] = c.Title, c.Summary
	}
	o["output"] = output
	return o
}
