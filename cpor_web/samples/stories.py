"""All of the sample's claims."""

from cpor_web.samples import decided, fabrikam, in_work

STORIES = (*in_work.STORIES, *decided.STORIES, *fabrikam.STORIES)
