"""The importer against genuine exports of the published RAVE package, and against damaged files."""
