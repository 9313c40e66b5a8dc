"""The privacy notice: what is kept, where, how long and who sees it. It has to be true."""

import streamlit as st

_NOTICE = (
    (
        "What is kept",
        "Your photo without its metadata: where it was taken and with which camera is removed "
        "before it is kept, unless you choose to keep date and camera with it. Beside it are two "
        "smaller copies, its labels and captions with your changes, and a record of which caption "
        "writers were asked. Of yourself we keep the number that stands for your account.",
    ),
    (
        "Where",
        "In the AWS account of those who run this service, encrypted: photos in Amazon S3, the "
        "rest in Amazon DynamoDB. Photos are shown to you through links that work for an hour.",
    ),
    (
        "How long",
        "For {days} days, then a photo and its captions are deleted by themselves. What you delete "
        "goes at once, in every version. Backups of the captions, which serve only to recover "
        "after an accident, are gone 7 days later.",
    ),
    (
        "Who sees it",
        "You, and nobody else on this page. To write captions, a copy of the photo goes to the "
        "caption writers that are switched on here: models on Amazon Bedrock or Amazon SageMaker, "
        "models at Hugging Face, Amazon Rekognition for labels, and a small model of our own that "
        "sends it nowhere. We train nothing with your photos. Those who run the service could "
        "reach the stored photos; their logs hold no photos, captions or names.",
    ),
    (
        "In this browser",
        "Drafts, choices and photos that are still to be sent are kept in this browser until they "
        "are done. Signing out removes all of it. Cookies keep you signed in and do nothing else.",
    ),
)


def show(retention_days: int) -> None:
    """The notice, folded."""
    st.header("Privacy", anchor=False)
    st.write("Your photos are yours. This says what is kept, where, how long and who sees it.")
    with st.expander("Read the privacy notice"):
        for title, text in _NOTICE:
            st.subheader(title, anchor=False)
            st.write(text.replace("{days}", str(retention_days)))
